// Blocks, from the dots in the names of layers: `layer1.0.conv1` lies in `layer1`, and there in `0`.

/** A layer, or a block of neighbouring layers. `part`: a block that the spec writes as one layer. */
export interface Block {
  label: string;
  path: string;
  depth: number;
  first: number;
  last: number;
  parent: Block | null;
  children: Block[];
  open: boolean;
  part: boolean;
}

export function isLayer(block: Block): boolean {
  return !block.children.length;
}

/** The roots of the tree, in order. What stands alone in its block is one with it; `part` says of each layer the first one
 * of those that are written as one. */
export function tree(names: readonly string[], part: readonly number[]): Block[] {
  const root = make("", "", 0, false);
  let trail: Block[] = [root];
  let before: string[] = [];
  names.forEach((name, index) => {
    const one = part[index] !== index || part[index + 1] === index;
    const around = (one ? names[part[index]!]! : name.slice(0, Math.max(0, name.lastIndexOf(".")))).split(".");
    const parts = around[0] || one ? around : [];
    let same = 0;
    while (same < Math.min(before.length, parts.length) && before[same] === parts[same]) same++;
    trail.length = same + 1;
    for (let k = same; k < parts.length; k++) {
      const block = make(parts[k]!, parts.slice(0, k + 1).join("."), index, one && k === parts.length - 1);
      trail[k]!.children.push(block);
      trail.push(block);
    }
    trail[trail.length - 1]!.children.push(make(name.slice(name.lastIndexOf(".") + 1), name, index, false));
    for (const block of trail) block.last = index;
    before = parts;
  });
  settle(root, null, -1);
  return root.children;
}

function make(label: string, path: string, first: number, part: boolean): Block {
  return { label, path, depth: 0, first, last: first, parent: null, children: [], open: false, part };
}

function settle(block: Block, parent: Block | null, depth: number): void {
  block.parent = parent;
  block.depth = depth;
  block.children = block.children.map(alone);
  for (const child of block.children) settle(child, depth < 0 ? null : block, depth + 1);
}

/** A block of one is its only member; the label says both. */
function alone(block: Block): Block {
  while (block.children.length === 1) {
    const [child] = block.children as [Block];
    block = { ...child, label: block.part ? child.label : `${block.label}.${child.label}` };
  }
  return block;
}

/** Every block, from the top on. */
export function* every(blocks: readonly Block[]): Generator<Block> {
  for (const block of blocks) {
    yield block;
    yield* every(block.children);
  }
}

/** The rows that are seen: a block stands before its members where it is open. */
export function rows(blocks: readonly Block[], into: Block[] = []): Block[] {
  for (const block of blocks) {
    into.push(block);
    if (block.open) rows(block.children, into);
  }
  return into;
}

/** Opens the largest blocks, as long as there are at most so many rows; parts stay folded. */
export function unfold(blocks: readonly Block[], most: number): void {
  const folded = blocks.filter((block) => block.children.length && !block.part);
  let count = blocks.length;
  for (;;) {
    const fitting = folded.filter(({ children, open }) => !open && count + children.length <= most);
    const next = fitting.reduce<Block | null>((a, b) => (a && a.last - a.first >= b.last - b.first ? a : b), null);
    if (!next) return;
    next.open = true;
    count += next.children.length;
    folded.push(...next.children.filter((block) => block.children.length && !block.part));
  }
}

/** Opens the blocks around a layer; returns the layer's row. */
export function reveal(blocks: readonly Block[], layer: number): Block | null {
  const block = blocks.find(({ first, last }) => first <= layer && layer <= last);
  if (!block || isLayer(block)) return block ?? null;
  block.open = true;
  return reveal(block.children, layer);
}
