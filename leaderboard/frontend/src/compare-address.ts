// Which models are compared, as the fragment of an address: `#v=1&a=first&b=second`.
export const LETTERS = ["a", "b", "c", "d"] as const;

const VERSION = "1";

/** The slugs of up to four models; an empty text where none is chosen. */
export type Choice = string[];

export function fragmentOf(choice: Choice): string {
  const parts = LETTERS.flatMap((letter, place) =>
    choice[place] ? [`${letter}=${encodeURIComponent(choice[place])}`] : [],
  );
  return parts.length ? `#v=${VERSION}&${parts.join("&")}` : "";
}

/** The models of a fragment, and what of it could not be understood, in words. */
export function choiceOf(
  fragment: string,
  known: ReadonlySet<string>,
): { choice: Choice; notices: string[] } {
  const notices: string[] = [];
  const choice: Choice = LETTERS.map(() => "");
  for (const part of fragment.replace(/^#/, "").split("&").filter(Boolean)) {
    const [key = "", ...rest] = part.split("=");
    const place = (LETTERS as readonly string[]).indexOf(key);
    if (key === "v") {
      if (rest.join("=") !== VERSION) notices.push("the address is of another version of this site");
    } else if (place < 0) {
      notices.push(`its part “${part}” is not known here`);
    } else {
      const slug = decoded(rest.join("="));
      if (slug === undefined) notices.push(`its part “${part}” cannot be read`);
      else if (slug !== "" && !known.has(slug)) notices.push(`there is no model “${slug}” any more`);
      else if (slug !== "" && choice.includes(slug)) notices.push(`“${slug}” is in it twice`);
      else choice[place] = slug;
    }
  }
  return { choice, notices };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
