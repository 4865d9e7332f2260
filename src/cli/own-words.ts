type Options = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string; readonly multiple?: boolean }>>;

/** A command line that runs a program, taken apart. */
export interface Words {
  /** Options of the command itself. */
  readonly own: string[];
  readonly program: string | undefined;
  /** What the program is given. */
  readonly rest: string[];
}

/**
 * Options of the command stand before the program, or right behind it: `profile app.ts --sort cumtime in.txt`. From the first word that is
 * none of them on, or from `--`, everything is the program's.
 */
export function splitWords(args: readonly string[], options: Options): Words {
  const before = ownWords(args, 0, options, true);
  const program = args[before];
  const after = ownWords(args, before + 1, options, false);
  return {
    own: [...args.slice(0, before), ...args.slice(before + 1, after)],
    program,
    rest: args.slice(args[after] === '--' ? after + 1 : after),
  };
}

/** How far our options reach from `at` on. In front of the program every option is meant for us, also one that we don't know. */
function ownWords(args: readonly string[], at: number, options: Options, isOurs: boolean): number {
  while (at < args.length && args[at]!.startsWith('-') && args[at] !== '--') {
    const option = optionOf(args[at]!, options);
    if (option === undefined && !isOurs) return at;
    at += option?.type === 'string' && !args[at]!.includes('=') ? 2 : 1;
  }
  return at;
}

function optionOf(word: string, options: Options): Options[string] | undefined {
  if (word.startsWith('--'))
    return Object.hasOwn(options, word.slice(2).split('=', 1)[0]!) ? options[word.slice(2).split('=', 1)[0]!] : undefined;
  return Object.values(options).find(({ short }) => short === word.slice(1));
}
