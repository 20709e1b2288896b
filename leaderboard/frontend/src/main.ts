// The main page: a view, what shows it, and what changes it.
import type { BoardData, GroupData, ScoreData, SeparableData } from "./board-data.ts";
import { BoardTable } from "./board-table.ts";
import { copyText, openCell } from "./cell-drawer.ts";
import { shownGroups } from "./columns.ts";
import { make, need } from "./dom.ts";
import { closeDrawer, isDrawerOpen } from "./drawer.ts";
import { exportView } from "./export-menu.ts";
import { Facets } from "./facets.ts";
import { loadPayload, receivedPayload, siteAddress } from "./payloads.ts";
import { fitted, fragmentOf, isViewFragment, viewOf, type Known } from "./permalink.ts";
import { Separability } from "./separability.ts";
import { Shown, type Later } from "./shown.ts";
import { sayStatus } from "./status.ts";
import { countFilters, FIRST_VIEW, MOST_PICKED, type Quantity, type View } from "./view.ts";

class BoardElement extends HTMLElement {
  #data!: BoardData;
  #known!: Known;
  #table!: BoardTable;
  #facets!: Facets;
  #view: View = FIRST_VIEW;
  #shown!: Shown;
  #nAwaited = 0;
  readonly #later: Later = { separability: new Map() };

  connectedCallback(): void {
    const data = receivedPayload(`data/${this.dataset["section"]}-table.js`) as BoardData | undefined;
    if (!data) {
      this.#notify(["The board’s data could not be loaded; the plain table has all of it."]);
      return;
    }
    this.#data = data;
    const { models } = data;
    if (models.slug.length === 0) return; // the page says so in words, and has no table
    this.#known = {
      models: new Set(models.slug),
      benchmarks: new Set(data.benchmarks.map(({ slug }) => slug)),
      groups: new Set(shownGroups(data.benchmarks)),
      words: {
        modality: new Set(models.words.modality),
        training: new Set(models.words.training),
        language: new Set(models.words.language),
        badge: new Set(models.words.badge),
      },
    };
    this.#table = new BoardTable(need(".board-scroll", this), {
      sort: (key) => this.#sortBy(key),
      fold: (path) => this.#change({ collapsed: toggled(this.#view.collapsed, path) }),
      focus: (row) => this.#change({ focus: models.slug[row]! }, true),
      pick: (row) => this.#pick(models.slug[row]!),
      open: (row, leaf) => this.#openAt(row, leaf),
    });
    this.#facets = new Facets(need("#filters .panel", this), data, (part, isTyped) => this.#change(part, isTyped));
    this.#listen();
    this.#fromAddress();
    performance.mark("heschl-ready");
    this.dataset["ready"] = "";
  }

  #listen(): void {
    const search = need<HTMLInputElement>("#search", this);
    search.addEventListener("input", () => this.#change({ query: search.value }, true));
    for (const name of ["errors", "published", "common"] as const) {
      const box = need<HTMLInputElement>(`#${name}`, this);
      box.addEventListener("change", () => this.#change({ [name]: box.checked }));
    }
    need("#quantity", this).addEventListener("change", (event) => {
      this.#change({ quantity: (event.target as HTMLInputElement).value as Quantity });
    });
    // Whoever points at it is about to ask for what it shows.
    const prepare = (): void => void loadPayload(`data/${this.#data.section}-score.js`).catch(() => undefined);
    for (const hint of ["pointerenter", "focusin"]) need("#quantity", this).addEventListener(hint, prepare, { once: true });
    const filters = need<HTMLDetailsElement>("#filters", this);
    filters.addEventListener("toggle", () => this.#facets.build(this.#view));
    for (const menu of this.querySelectorAll<HTMLDetailsElement>("details.menu")) dismissable(menu);
    need("#clear", this).addEventListener("click", () => {
      const { sort, descending, collapsed, quantity, errors, picked, focus } = this.#view;
      search.focus(); // the button goes
      this.#change({ ...FIRST_VIEW, sort, descending, collapsed, quantity, errors, picked, focus });
    });
    need("#export", this).addEventListener("click", (event) => {
      const kind = (event.target as HTMLElement).closest<HTMLElement>("[data-export]")?.dataset["export"];
      if (kind) void this.#export(kind);
    });
    need("#copy-link", this).addEventListener("click", () => {
      void copyText(location.href).then((isCopied) => {
        this.#say(isCopied ? "Copied the link to this view" : "The link is in the address bar");
      });
    });
    window.addEventListener("hashchange", () => this.#fromAddress());
    window.addEventListener("popstate", () => this.#fromAddress());
  }

  /** Take the view from the address: at first, on Back, or when somebody edits it. */
  #fromAddress(): void {
    if (!isViewFragment(location.hash) || (this.#shown && location.hash === fragmentOf(this.#view))) return;
    const { view, notices } = viewOf(location.hash);
    const { view: known, notices: stale } = fitted(view, this.#known);
    this.#notify([...notices, ...stale].map((text) => `This link is not all of this board: ${text}.`));
    this.#show(known);
    if (known.open) this.#openLinked(known.open);
    else if (isDrawerOpen()) closeDrawer();
  }

  /** Change the view; what is typed, or only pointed at, makes no step to go back to. */
  #change(part: Partial<View>, isPassing = false): void {
    this.#show({ ...this.#view, ...part });
    const fragment = fragmentOf(this.#view);
    if (fragment === (isViewFragment(location.hash) ? location.hash : "")) return;
    const address = fragment || location.pathname + location.search;
    if (isPassing) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
  }

  #show(view: View): void {
    this.#view = view;
    this.#say(""); // what was said was of another view
    const numbers = this.#numbersAwaited();
    // What is there stays until there is something else to show.
    if (numbers.length === 0 || !this.#shown) this.#render();
    if (numbers.length > 0) void this.#when(numbers, () => this.#render());
  }

  #render(): void {
    const before = this.#shown;
    const view = this.#view;
    const shown = new Shown(this.#data, this.#later, view);
    this.#shown = shown;
    const isOnlyMarked =
      before?.isComplete && JSON.stringify({ ...view, ...UNMARKED }) === JSON.stringify({ ...before.view, ...UNMARKED });
    if (isOnlyMarked) this.#table.mark(shown);
    else this.#table.show(shown, before !== undefined && shown.rows.join() !== before.rows.join());
    this.#showControls();
    const ranks = this.#ranksAwaited();
    if (ranks.length > 0) {
      void this.#when(ranks, () => {
        this.#table.mark(this.#shown);
        this.#showControls();
      });
    }
  }

  /** The numbers that the view needs and that are not here yet. */
  #numbersAwaited(): Promise<void>[] {
    const later = this.#later;
    const { quantity, sort, collapsed } = this.#view;
    const path = `data/${this.#data.section}`;
    const loads: Promise<void>[] = [];
    if (quantity !== "normalised" && !later.score) {
      loads.push(loadPayload(`${path}-score.js`).then((data) => void (later.score = data as ScoreData)));
    }
    if ((sort.startsWith("g:") || collapsed.length > 0) && !later.groups) {
      loads.push(loadPayload(`${path}-groups.js`).then((data) => void (later.groups = data as GroupData)));
    }
    return loads;
  }

  /** The ranks, and who can be told apart, that the view needs and that are not here yet. */
  #ranksAwaited(): Promise<void>[] {
    const { separability } = this.#later;
    const by = this.#shown.rankedBy;
    if ((by === "overall" && this.#view.focus === "") || separability.has(by)) return [];
    return [
      loadPayload(`data/${this.#data.section}/separable-${by}.js`).then((data) => {
        if (!separability.has(by)) separability.set(by, new Separability(data as SeparableData));
      }),
    ];
  }

  async #when(loads: Promise<void>[], then: () => void): Promise<void> {
    this.#await(1);
    try {
      await Promise.all(loads);
      then();
    } catch (reason) {
      this.#notify([`Some numbers could not be loaded: ${String(reason)}`]);
    }
    this.#await(-1);
  }

  /** Until they have come, what is there is of another view. */
  #await(more: number): void {
    this.#nAwaited += more;
    this.setAttribute("aria-busy", String(this.#nAwaited > 0));
  }

  #sortBy(key: string): void {
    const { sort, descending } = this.#view;
    const isFirst = sort !== key;
    const isText = key === "name" || key === "training";
    this.#change({ sort: key, descending: isFirst ? !isText : !descending });
  }

  #pick(slug: string): void {
    const { picked } = this.#view;
    this.#change({ picked: picked.includes(slug) ? toggled(picked, slug) : [...picked, slug].slice(-MOST_PICKED) });
  }

  #openAt(row: number, leaf: number): void {
    const column = this.#shown.leaves[leaf]!;
    if (column.kind !== "benchmark") return;
    const { models, benchmarks, section } = this.#data;
    const { slug, label } = benchmarks[column.column]!;
    this.#change({ open: `${models.slug[row]!}/${slug}` }, isDrawerOpen());
    const cell = {
      section,
      model: models.slug[row]!,
      modelName: this.#shown.modelLabel(row),
      benchmark: slug,
      benchmarkLabel: label,
    };
    void openCell(cell, () => {
      this.#table.activate(row, leaf);
      this.#table.focusCell();
      if (this.#view.open) this.#change({ open: "" });
    });
  }

  #openLinked(open: string): void {
    const [model, benchmark] = open.split("/");
    const row = this.#data.models.slug.indexOf(model!);
    const leaf = this.#shown.leaves.findIndex(({ key }) => key === `b:${benchmark}`);
    if (leaf >= 0) this.#openAt(row, leaf);
  }

  async #export(kind: string): Promise<void> {
    need<HTMLDetailsElement>("#export", this).open = false;
    need("#export summary", this).focus();
    try {
      await Promise.all([...this.#numbersAwaited(), ...this.#ranksAwaited()]);
      this.#say(await exportView(this.#shown, kind));
    } catch (reason) {
      this.#say(String(reason));
    }
  }

  #showControls(): void {
    const view = this.#view;
    const search = need<HTMLInputElement>("#search", this);
    if (search.value !== view.query) search.value = view.query;
    for (const name of ["errors", "published", "common"] as const) {
      need<HTMLInputElement>(`#${name}`, this).checked = view[name];
    }
    need<HTMLInputElement>(`#quantity input[value="${view.quantity}"]`, this).checked = true;
    this.#facets.show(view);
    const nFilters = countFilters(view);
    need("#filters summary .count", this).textContent = nFilters === 0 ? "" : String(nFilters);
    need("#clear", this).hidden = nFilters === 0 && view.query === "" && view.published && !view.common;
    sayStatus(this, this.#shown);
    this.#showPicked();
  }

  #showPicked(): void {
    const { models } = this.#data;
    const { picked } = this.#view;
    const tray = need("#picked", this);
    tray.hidden = picked.length === 0;
    const names = picked.map((slug) => this.#shown.modelLabel(models.slug.indexOf(slug)));
    const link = make("a", { class: "button button-primary" }, "Compare");
    const [a = "", b = ""] = picked.map(encodeURIComponent);
    if (picked.length === MOST_PICKED) link.href = siteAddress(`compare.html#v=1&a=${a}&b=${b}`);
    else link.setAttribute("aria-disabled", "true");
    const words = names.length === 1 ? [names[0]!, "tick another model to compare"] : names;
    tray.replaceChildren(...words.map((word) => make("span", { class: "picked-name", dir: "auto" }, word)), link);
  }

  #notify(texts: string[]): void {
    const notice = need("#notice", this);
    notice.hidden = texts.length === 0;
    notice.replaceChildren(...texts.map((text) => make("p", {}, text)));
  }

  #say(text: string): void {
    need("#said", this).textContent = text;
  }
}

/** What of a view changes no row and no column. */
const UNMARKED = { focus: "", picked: [], open: "" };

function toggled(names: readonly string[], name: string): string[] {
  return names.includes(name) ? names.filter((each) => each !== name) : [...names, name];
}

/** A menu closes by Escape, and when something else is clicked. */
function dismissable(menu: HTMLDetailsElement): void {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.preventDefault(); // the drawer stays
    menu.open = false;
    need("summary", menu).focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (menu.open && !menu.contains(event.target as Node)) menu.open = false;
  });
}

customElements.define("heschl-board", BoardElement);
