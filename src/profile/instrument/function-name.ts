type Key = { readonly type: string; readonly name?: string; readonly value?: unknown; readonly id?: { readonly name: string } };
type Around = {
  readonly type: string;
  readonly id?: Key | null;
  readonly key?: Key;
  readonly left?: Key & { readonly property?: Key };
  readonly kind?: string;
};

/** What V8 calls a function: its own name, or that of what it is given to. */
export function nameOf(fn: { readonly id?: Key | null }, around: Around): string {
  const own = fn.id?.name;
  if (own !== undefined) return own;
  switch (around.type) {
    case 'VariableDeclarator':
      return around.id?.name ?? '<anonymous>';
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition': {
      const name = textOf(around.key);
      return around.kind === 'get' || around.kind === 'set' ? `${around.kind} ${name}` : name;
    }
    case 'AssignmentExpression':
    case 'AssignmentPattern':
      return around.left?.name ?? textOf(around.left?.property);
    default:
      return '<anonymous>';
  }
}

function textOf(key: Key | undefined): string {
  if (key?.type === 'PrivateIdentifier') return `#${key.name}`;
  return key?.name ?? (key?.value === undefined ? '<anonymous>' : String(key.value));
}
