import type * as acorn from 'acorn';

/*
 * Which names a piece of code uses, and which of its own declarations each stands for: JavaScript's scope rules over a
 * syntax tree. A reference without a declaration is free: captured, or global.
 */
export interface Binding {
  readonly name: string;
  /** The expression of `const name = expression`; null for any other declaration. */
  readonly constant: acorn.Node | null;
  /** Where it is declared: offset in the text. */
  readonly at: number;
  readonly references: Reference[];
}

export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The variable is assigned. */
  readonly isWrite: boolean;
  /** `{ name }`: an edit has to write `name: …`. */
  readonly isShorthand: boolean;
  /** What is done to the object it holds: `push()`, `=` for an assignment to a property, or `delete`. */
  readonly mutation: string | null;
  binding: Binding | null;
}

/** What cannot be moved with a function's text, and where it stands. */
export interface Peculiarities {
  lexicalThis: acorn.Node | null;
  lexicalArguments: acorn.Node | null;
  lexicalNewTarget: acorn.Node | null;
  superUse: acorn.Node | null;
  directEval: acorn.Node | null;
  withStatement: acorn.Node | null;
  readonly importMeta: acorn.Node[];
  usesImport: boolean;
}

export interface Analysis extends Peculiarities {
  readonly references: readonly Reference[];
}

const MUTATORS = new Set(
  'push pop shift unshift splice sort reverse fill copyWithin set add delete clear append setTime setDate setFullYear setHours setMinutes setSeconds setMonth'.split(
    ' ',
  ),
);

type AnyNode = acorn.Node & { readonly [key: string]: unknown };

interface Scope {
  readonly bindings: Map<string, Binding>;
  readonly parent: Scope | null;
  /** `var` and `this` live here. */
  readonly isFunction: boolean;
  readonly isArrow: boolean;
}

export function analyzeReferences(root: acorn.Node): Analysis {
  const references: Reference[] = [];
  const found: Peculiarities = {
    lexicalThis: null,
    lexicalArguments: null,
    lexicalNewTarget: null,
    superUse: null,
    directEval: null,
    withStatement: null,
    importMeta: [],
    usesImport: false,
  };
  const top: Scope = { bindings: new Map(), parent: null, isFunction: true, isArrow: true };
  new Walker(references, found).visit(root as AnyNode, top, null);
  return { references, ...found };
}

class Walker {
  readonly #references: Reference[];
  readonly #found: Peculiarities;

  constructor(references: Reference[], found: Peculiarities) {
    this.#references = references;
    this.#found = found;
  }

  visit(node: AnyNode, scope: Scope, parent: AnyNode | null): void {
    switch (node.type) {
      case 'Program':
        this.#hoist(node['body'] as AnyNode[], scope, true);
        this.#all(node['body'], scope, node);
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node, scope, parent);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node, scope);
        return;
      case 'BlockStatement':
      case 'StaticBlock':
      case 'SwitchStatement':
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'CatchClause':
        this.#block(node, scope);
        return;
      case 'Identifier':
        this.#reference(node, scope, parent);
        return;
      case 'MemberExpression':
        this.visit(node['object'] as AnyNode, scope, node);
        if (node['computed'] === true) this.visit(node['property'] as AnyNode, scope, node);
        return;
      case 'Property':
      case 'PropertyDefinition':
      case 'MethodDefinition':
        if (node['computed'] === true) this.visit(node['key'] as AnyNode, scope, node);
        if (node['value'] !== null) this.visit(node['value'] as AnyNode, scope, node);
        return;
      case 'VariableDeclarator':
        this.#pattern(node['id'] as AnyNode, scope, node['init'] !== null);
        if (node['init'] !== null) this.visit(node['init'] as AnyNode, scope, node);
        return;
      case 'AssignmentExpression':
        this.#assign(node['left'] as AnyNode, scope);
        this.visit(node['right'] as AnyNode, scope, node);
        return;
      case 'UpdateExpression':
        this.#assign(node['argument'] as AnyNode, scope);
        return;
      case 'UnaryExpression': {
        const argument = node['argument'] as AnyNode;
        if (node['operator'] === 'delete' && argument.type === 'MemberExpression') this.#mutated(argument, scope, 'delete');
        else this.visit(argument, scope, node);
        return;
      }
      case 'LabeledStatement':
        this.visit(node['body'] as AnyNode, scope, node);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'ImportDeclaration':
        return;
      case 'ExportNamedDeclaration':
        if (node['declaration'] !== null) this.visit(node['declaration'] as AnyNode, scope, node);
        return;
      case 'ThisExpression':
        if (isLexical(scope)) this.#found.lexicalThis ??= node;
        return;
      case 'Super':
        this.#found.superUse ??= node;
        return;
      case 'MetaProperty':
        if ((node['meta'] as AnyNode)['name'] === 'import')
          this.#found.importMeta.push(parent?.type === 'MemberExpression' ? parent : node);
        else if (isLexical(scope)) this.#found.lexicalNewTarget ??= node;
        return;
      case 'ImportExpression':
        this.#found.usesImport = true;
        this.#children(node, scope);
        return;
      case 'WithStatement':
        this.#found.withStatement ??= node;
        this.#children(node, scope);
        return;
      case 'CallExpression': {
        const callee = node['callee'] as AnyNode;
        if (callee.type === 'Identifier' && callee['name'] === 'eval') this.#found.directEval ??= node;
        this.#children(node, scope);
        return;
      }
      default:
        this.#children(node, scope);
    }
  }

  #children(node: AnyNode, scope: Scope): void {
    for (const key of Object.keys(node)) {
      const value = node[key];
      if (Array.isArray(value)) this.#all(value, scope, node);
      else if (isNode(value)) this.visit(value, scope, node);
    }
  }

  #all(nodes: unknown, scope: Scope, parent: AnyNode): void {
    for (const node of nodes as unknown[]) if (isNode(node)) this.visit(node, scope, parent);
  }

  #function(node: AnyNode, outer: Scope, parent: AnyNode | null): void {
    const isArrow = node.type === 'ArrowFunctionExpression';
    let scope: Scope = { bindings: new Map(), parent: outer, isFunction: true, isArrow };
    const id = node['id'] as AnyNode | null | undefined;
    if (node.type === 'FunctionExpression' && id) {
      declare(scope, id);
      scope = { bindings: new Map(), parent: scope, isFunction: true, isArrow };
    }
    // `super` belongs to a method or class that holds it; outside of one it belongs to somebody else.
    const before = this.#found.superUse;
    this.#depth++;
    for (const param of node['params'] as AnyNode[]) declarePattern(scope, param);
    const body = node['body'] as AnyNode;
    if (body.type === 'BlockStatement') this.#hoist(body['body'] as AnyNode[], scope, true);
    for (const param of node['params'] as AnyNode[]) this.#pattern(param, scope, false);
    if (body.type === 'BlockStatement') this.#all(body['body'], scope, body);
    else this.visit(body, scope, node);
    const isMethod =
      parent?.type === 'MethodDefinition' || (parent?.type === 'Property' && (parent['method'] === true || parent['kind'] !== 'init'));
    this.#depth--;
    if (isMethod && this.#depth > 0) this.#found.superUse = before;
  }

  #depth = 0;

  #class(node: AnyNode, outer: Scope): void {
    const scope: Scope = { bindings: new Map(), parent: outer, isFunction: false, isArrow: false };
    const id = node['id'] as AnyNode | null;
    if (id !== null) declare(scope, id);
    const before = this.#found.superUse;
    if (node['superClass'] !== null) this.visit(node['superClass'] as AnyNode, scope, node);
    for (const member of (node['body'] as AnyNode)['body'] as AnyNode[]) {
      if (member['computed'] === true) this.visit(member['key'] as AnyNode, scope, member);
      // Field initialisers and static blocks have a `this` of their own.
      const own: Scope = { bindings: new Map(), parent: scope, isFunction: true, isArrow: false };
      if (member.type === 'StaticBlock') this.visit(member, own, node);
      else if (member['value'] !== null) this.visit(member['value'] as AnyNode, own, member);
    }
    this.#found.superUse = before;
  }

  #block(node: AnyNode, outer: Scope): void {
    const scope: Scope = { bindings: new Map(), parent: outer, isFunction: false, isArrow: false };
    if (node.type === 'CatchClause' && node['param'] !== null) declarePattern(scope, node['param'] as AnyNode);
    if (node.type === 'BlockStatement' || node.type === 'StaticBlock')
      this.#hoist(node['body'] as AnyNode[], scope, node.type === 'StaticBlock');
    if (node.type === 'SwitchStatement') {
      this.#hoist(
        (node['cases'] as AnyNode[]).flatMap((one) => one['consequent'] as AnyNode[]),
        scope,
        false,
      );
    }
    for (const key of ['init', 'left']) {
      const head = node[key];
      if (isNode(head) && head.type === 'VariableDeclaration' && head['kind'] !== 'var') this.#hoist([head], scope, false);
    }
    if (node.type === 'CatchClause') {
      if (node['param'] !== null) this.#pattern(node['param'] as AnyNode, scope, false);
      this.visit(node['body'] as AnyNode, scope, node);
      return;
    }
    if ((node.type === 'ForInStatement' || node.type === 'ForOfStatement') && (node['left'] as AnyNode).type !== 'VariableDeclaration') {
      this.#assign(node['left'] as AnyNode, scope);
      this.visit(node['right'] as AnyNode, scope, node);
      this.visit(node['body'] as AnyNode, scope, node);
      return;
    }
    this.#children(node, scope);
  }

  /** Declares what a list of statements declares; with `vars` also the `var`s anywhere below. */
  #hoist(statements: readonly AnyNode[], scope: Scope, vars: boolean): void {
    for (const statement of statements) {
      const declared =
        (statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration') && isNode(statement['declaration'])
          ? statement['declaration']
          : statement;
      if (declared.type === 'FunctionDeclaration' || declared.type === 'ClassDeclaration') {
        if (declared['id'] !== null) declare(scope, declared['id'] as AnyNode, declared.type === 'ClassDeclaration' ? declared : null);
      } else if (declared.type === 'VariableDeclaration' && (declared['kind'] !== 'var' || vars)) {
        for (const one of declared['declarations'] as AnyNode[]) {
          const id = one['id'] as AnyNode;
          if (declared['kind'] === 'const' && id.type === 'Identifier') declare(scope, id, one['init'] as AnyNode | null);
          else declarePattern(scope, id);
        }
      } else if (declared.type === 'ImportDeclaration') {
        for (const one of declared['specifiers'] as AnyNode[]) declare(scope, one['local'] as AnyNode);
      }
      if (vars) hoistVars(declared, scope);
    }
  }

  /** A pattern that is declared or assigned: its defaults and computed keys are expressions. */
  #pattern(node: AnyNode, scope: Scope, isWrite: boolean): void {
    for (const { target, expressions, shorthands } of [patternParts(node)]) {
      for (const expression of expressions) this.visit(expression, scope, null);
      if (isWrite) for (const id of target) this.#push(id, scope, { isWrite: true, mutation: null, isShorthand: shorthands.has(id) });
    }
  }

  #assign(node: AnyNode, scope: Scope): void {
    if (node.type === 'MemberExpression') {
      this.#mutated(node, scope, '=');
      return;
    }
    const { target, expressions, shorthands } = patternParts(node);
    for (const expression of expressions) this.visit(expression, scope, null);
    for (const id of target) {
      if (id.type === 'MemberExpression') this.#mutated(id, scope, '=');
      else this.#push(id, scope, { isWrite: true, mutation: null, isShorthand: shorthands.has(id) });
    }
  }

  #mutated(member: AnyNode, scope: Scope, how: string): void {
    const object = member['object'] as AnyNode;
    if (member['computed'] === true) this.visit(member['property'] as AnyNode, scope, member);
    if (object.type === 'Identifier') this.#push(object, scope, { isWrite: false, mutation: how, isShorthand: false });
    else this.visit(object, scope, member);
  }

  #reference(node: AnyNode, scope: Scope, parent: AnyNode | null): void {
    const isShorthand = parent?.type === 'Property' && parent['shorthand'] === true;
    this.#push(node, scope, { isWrite: false, mutation: mutationBy(parent, node), isShorthand });
  }

  #push(node: AnyNode, scope: Scope, how: Pick<Reference, 'isWrite' | 'mutation' | 'isShorthand'>): void {
    const name = node['name'] as string;
    const binding = lookUp(scope, name);
    if (name === 'arguments' && binding === null) {
      if (isLexical(scope)) this.#found.lexicalArguments ??= node;
      return;
    }
    const reference: Reference = { name, start: node.start, end: node.end, ...how, binding };
    binding?.references.push(reference);
    this.#references.push(reference);
  }
}

/** `name.push(…)` and `delete name.x` change the object that the name holds. */
function mutationBy(parent: AnyNode | null, node: AnyNode): string | null {
  if (parent?.type !== 'MemberExpression' || parent['object'] !== node || parent['computed'] === true) return null;
  const property = (parent['property'] as AnyNode)['name'];
  return typeof property === 'string' && MUTATORS.has(property) ? `${property}()` : null;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function isLexical(scope: Scope): boolean {
  for (let at: Scope | null = scope; at !== null; at = at.parent) if (at.isFunction && !at.isArrow) return false;
  return true;
}

function lookUp(scope: Scope, name: string): Binding | null {
  for (let at: Scope | null = scope; at !== null; at = at.parent) {
    const binding = at.bindings.get(name);
    if (binding !== undefined) return binding;
  }
  return null;
}

function declare(scope: Scope, id: AnyNode, constant: AnyNode | null = null): void {
  const name = id['name'] as string;
  if (!scope.bindings.has(name)) scope.bindings.set(name, { name, constant, at: id.start, references: [] });
}

function declarePattern(scope: Scope, node: AnyNode): void {
  for (const id of patternParts(node).target) if (id.type === 'Identifier') declare(scope, id);
}

/** The names (or members) that a pattern sets, and the expressions inside it. */
function patternParts(node: AnyNode): {
  readonly target: AnyNode[];
  readonly expressions: AnyNode[];
  readonly shorthands: ReadonlySet<AnyNode>;
} {
  const target: AnyNode[] = [];
  const shorthands = new Set<AnyNode>();
  const expressions: AnyNode[] = [];
  const visit = (part: AnyNode | null): void => {
    if (part === null) return;
    if (part.type === 'ObjectPattern') for (const property of part['properties'] as AnyNode[]) visit(property);
    else if (part.type === 'ArrayPattern') for (const element of part['elements'] as (AnyNode | null)[]) visit(element);
    else if (part.type === 'RestElement') visit(part['argument'] as AnyNode);
    else if (part.type === 'AssignmentPattern') {
      visit(part['left'] as AnyNode);
      expressions.push(part['right'] as AnyNode);
    } else if (part.type === 'Property') {
      if (part['computed'] === true) expressions.push(part['key'] as AnyNode);
      if (part['shorthand'] === true) {
        const value = part['value'] as AnyNode;
        shorthands.add(value.type === 'AssignmentPattern' ? (value['left'] as AnyNode) : value);
      }
      visit(part['value'] as AnyNode);
    } else target.push(part);
  };
  visit(node);
  return { target, expressions, shorthands };
}

/** `var`s of nested statements belong to the function. */
function hoistVars(node: AnyNode, scope: Scope): void {
  if (/Function|Class/.test(node.type)) return;
  if (node.type === 'VariableDeclaration') {
    if (node['kind'] === 'var') for (const one of node['declarations'] as AnyNode[]) declarePattern(scope, one['id'] as AnyNode);
    return;
  }
  for (const key of Object.keys(node)) {
    const value = node[key];
    if (Array.isArray(value)) for (const child of value) if (isNode(child)) hoistVars(child, scope);
    if (!Array.isArray(value) && isNode(value)) hoistVars(value, scope);
  }
}
