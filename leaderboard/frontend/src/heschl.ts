// What every page does: the theme switch, and payloads that arrive as scripts.
import "./payloads.ts";
import { chosenTheme, keepTheme, showTheme, type Theme } from "./theme_choice.ts";

for (const choice of document.querySelectorAll<HTMLInputElement>("#theme input")) {
  choice.checked = choice.value === chosenTheme();
  choice.addEventListener("change", () => {
    const theme = choice.value as Theme;
    keepTheme(theme);
    showTheme(theme);
    // Canvases draw in colours of their own and must be told.
    document.dispatchEvent(new CustomEvent("heschl-theme", { detail: theme }));
  });
}
