// Runs before the first paint, so that no page flashes in the other theme.
import { chosenTheme, showTheme } from "./theme_choice.ts";

document.documentElement.dataset["script"] = "";
showTheme(chosenTheme());
