import type { SendErrorDetails } from '../send-error.ts';
import type { FunctionCode } from './function-code.ts';

type Fail = (code: string, message: string, details: SendErrorDetails) => void;

/** Refuses what can't be made again from the text of a function and what it captures. */
export function checkPeculiarities(code: FunctionCode, fail: Fail): void {
  const { analysis } = code.parts;
  const refuse = (node: { start: number; end: number } | null, id: string, message: string, hint: string): void => {
    if (node !== null) fail(id, message, { where: code.where(node), hint });
  };
  if (code.parts.isArrow) {
    refuse(
      analysis.lexicalThis,
      'E_LEXICAL_THIS',
      'the arrow function uses `this` of the function around it, which cannot be read',
      'write `const self = this` before it and use `self`, or pass the object as an argument',
    );
    refuse(
      analysis.lexicalArguments,
      'E_LEXICAL_ARGUMENTS',
      'the arrow function uses `arguments` of the function around it',
      'use a rest parameter',
    );
    refuse(
      analysis.lexicalNewTarget,
      'E_LEXICAL_NEW_TARGET',
      'the arrow function uses `new.target` of the function around it',
      'pass it as an argument',
    );
  }
  if (code.parts.kind !== 'class')
    refuse(
      analysis.superUse,
      'E_SUPER',
      'the method uses `super`, whose object cannot be read from the method alone',
      'send the object, or the class, instead of the bare method',
    );
  refuse(
    analysis.directEval,
    'E_DIRECT_EVAL',
    'the function contains a direct eval(): what it captures cannot be known',
    'use (0, eval)(…) or new Function',
  );
  refuse(
    analysis.withStatement,
    'E_WITH',
    'the function contains a with statement: what it captures cannot be known',
    'name the properties',
  );
  for (const meta of analysis.importMeta) {
    const text = code.text.slice(meta.start - code.parts.shift, meta.end - code.parts.shift);
    const property = /^import\.meta\.(\w+)$/.exec(text)?.[1] ?? '';
    if (!['url', 'filename', 'dirname', 'resolve', 'main'].includes(property)) {
      refuse(
        meta,
        'E_IMPORT_META',
        `${text} cannot be made again elsewhere: only url, filename, dirname, resolve and main can`,
        'read it before, into a variable',
      );
    }
  }
  const foreign = code.parts.kind === 'class' ? null : /#[\p{ID_Start}$_]/u.exec(code.text);
  if (foreign !== null && !/\bclass\b/.test(code.text))
    fail('E_PRIVATE_NAME', 'the function uses a #private name of its class', {
      hint: 'send the instance or the class, not the bare function',
    });
}
