// A list of rows of one height, of which those are drawn that are seen.

const MORE = 8; // rows beyond the edges

export class VirtualList {
  #drawn = new Map<number, HTMLElement>();
  #count = 0;
  #all = false;
  #kept = -1;

  readonly #scroller: HTMLElement;
  readonly #body: HTMLElement;
  readonly #height: number;
  readonly #draw: (index: number) => HTMLElement;

  constructor(
    scroller: HTMLElement,
    body: HTMLElement,
    height: number,
    draw: (index: number) => HTMLElement,
  ) {
    this.#scroller = scroller;
    this.#body = body;
    this.#height = height;
    this.#draw = draw;
    scroller.addEventListener("scroll", () => this.#fill(), { passive: true });
    new ResizeObserver(() => this.#fill()).observe(scroller);
  }

  /** Draws anew, for so many rows. */
  reset(count: number): void {
    this.#count = count;
    this.#body.style.height = `${count * this.#height}px`;
    this.#drawn.clear();
    this.#body.replaceChildren();
    this.#fill();
  }

  /** The rows that are drawn. */
  get rows(): Iterable<[index: number, row: HTMLElement]> {
    return this.#drawn;
  }

  /** Draws one row wherever it is: the one that the keyboard is on. */
  keep(index: number): void {
    this.#kept = index;
    this.#fill();
  }

  /** Draws all rows, for paper, or goes back to those that are seen. */
  whole(all: boolean): void {
    this.#all = all;
    this.reset(this.#count);
  }

  /** Scrolls a row into what is seen, below the head of the list. */
  show(index: number, head: number): void {
    const top = index * this.#height;
    const room = this.#scroller.clientHeight - head - this.#height;
    if (top < this.#scroller.scrollTop) this.#scroller.scrollTop = top;
    else if (top > this.#scroller.scrollTop + room) this.#scroller.scrollTop = top - room;
    this.#fill();
  }

  /** How many rows are seen at once. */
  get page(): number {
    return Math.max(1, Math.floor(this.#scroller.clientHeight / this.#height) - 2);
  }

  #place(index: number): HTMLElement {
    const row = this.#draw(index);
    row.style.top = `${index * this.#height}px`;
    this.#drawn.set(index, row);
    return row;
  }

  #fill(): void {
    const top = Math.floor(this.#scroller.scrollTop / this.#height);
    const first = this.#all ? 0 : Math.max(0, top - MORE);
    const end = this.#all ? this.#count : Math.min(this.#count, top + Math.ceil(this.#scroller.clientHeight / this.#height) + MORE);
    for (const [index, row] of this.#drawn) {
      if ((index >= first && index < end) || index === this.#kept) continue;
      row.remove();
      this.#drawn.delete(index);
    }
    const fresh = document.createDocumentFragment();
    const add = (index: number): void => void (this.#drawn.has(index) || fresh.append(this.#place(index)));
    if (this.#kept >= 0 && this.#kept < first) add(this.#kept);
    for (let index = first; index < end; index++) add(index);
    if (this.#kept >= end && this.#kept < this.#count) add(this.#kept);
    this.#body.append(fresh);
  }
}
