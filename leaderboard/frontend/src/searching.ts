// Search that forgives case and diacritics: "Résumé" is found by "resume".
export function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase();
}


export function wordsOf(query: string): string[] {
  return folded(query).split(/\s+/u).filter(Boolean);
}
