import assert from 'node:assert/strict';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decode, encode } from '../../src/message/index.ts';
import { SendError } from '../../src/message/send-error.ts';
import { copies } from './copies.ts';
import { far } from './ways/far.ts';
import { LibraryError, Point } from './ways/library.ts';
import { test } from '../support/test.ts';

test('an error keeps class, name, message, code, cause, own properties and stack', async () => {
  const cause = new RangeError('too far', { cause: 'the sender' });
  const error = Object.assign(new TypeError('bad', { cause }), { code: 'ERR_BAD', details: { at: 3 }, [Symbol.for('mark')]: 1 });
  for (const copy of await copies(error)) {
    assert.ok(copy instanceof TypeError);
    assert.deepEqual([copy.name, copy.message, copy.code, copy.details], ['TypeError', 'bad', 'ERR_BAD', { at: 3 }]);
    assert.equal(copy.stack, error.stack);
    assert.ok(copy.cause instanceof RangeError);
    assert.deepEqual([copy.cause.message, copy.cause.cause, copy.cause.stack], ['too far', 'the sender', cause.stack]);
    assert.deepEqual(Object.getOwnPropertyDescriptor(copy, 'message')?.enumerable, false);
    assert.equal((copy as unknown as Record<symbol, unknown>)[Symbol.for('mark')], 1);
  }
});

test('an error of a class of the program keeps its class, and that of its cause', async () => {
  const error = new LibraryError('bad', { at: 3 });
  for (const copy of await copies(new Error('outer', { cause: error }))) {
    assert.ok(copy.cause instanceof LibraryError);
    assert.deepEqual([copy.cause.name, copy.cause.message, copy.cause.info], ['LibraryError', 'bad', { at: 3 }]);
    assert.equal(copy.cause.stack, error.stack);
  }
});

test("errors of Node's own are sent, also those whose class nobody can see", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-kept-'));
  const odd = join(folder, 'module.odd');
  writeFileSync(odd, '');
  for (const [act, code] of [
    [() => import(pathToFileURL(odd).href), 'ERR_UNKNOWN_FILE_EXTENSION'],
    [() => import(pathToFileURL(join(folder, 'nosuch.js')).href), 'ERR_MODULE_NOT_FOUND'],
    [() => Buffer.from(5 as never), 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    const error: unknown = await Promise.resolve()
      .then(act)
      .catch((caught: unknown) => caught);
    assert.ok(error instanceof Error);
    for (const copy of await copies(error as NodeJS.ErrnoException)) {
      assert.ok(copy instanceof (error instanceof TypeError ? TypeError : Error));
      assert.deepEqual([copy.name, copy.message, copy.code, copy.stack], [error.name, error.message, code, error.stack]);
    }
  }
  rmSync(folder, { recursive: true });
});

test('an AggregateError keeps its errors, a circular cause stays circular', async () => {
  const circular = new Error('round');
  circular.cause = circular;
  for (const copy of await copies(new AggregateError([new TypeError('one'), circular], 'both'))) {
    assert.ok(copy instanceof AggregateError);
    const [one, two] = copy.errors as [TypeError, Error];
    assert.ok(one instanceof TypeError);
    assert.equal(two.cause, two);
    assert.deepEqual([copy.message, one.message, two.message], ['both', 'one', 'round']);
  }
});

test('a DOMException keeps its name, message and code', async () => {
  for (const copy of await copies(new DOMException('gone', 'AbortError'))) {
    assert.ok(copy instanceof DOMException);
    assert.deepEqual([copy.name, copy.message, copy.code], ['AbortError', 'gone', 20]);
  }
});

test("an AbortSignal's reason travels as the error that it is", async () => {
  for (const copy of await copies(AbortSignal.abort().reason as DOMException)) assert.equal(copy.name, 'AbortError');
});

test('a URL, its search, and dates, expressions and boxes keep what they are', async () => {
  for (const copy of await copies({
    url: new URL('https://user:word@host:81/a?b=1#c'),
    search: new URLSearchParams('a=1&a=2'),
    date: new Date(1e12),
    expression: Object.assign(/a+/giu, { lastIndex: 3 }),
    box: Object('text') as string,
    big: 2n ** 70n,
  })) {
    assert.equal(copy.url.href, 'https://user:word@host:81/a?b=1#c');
    assert.ok(copy.url instanceof URL);
    assert.deepEqual(copy.search.getAll('a'), ['1', '2']);
    assert.equal(copy.date.getTime(), 1e12);
    assert.deepEqual([copy.expression.source, copy.expression.flags, copy.expression.lastIndex], ['a+', 'giu', 3]);
    assert.equal(typeof copy.box, 'object');
    assert.equal(copy.big, 2n ** 70n);
  }
});

test("of Node's pool only a Buffer's own bytes travel; views of one buffer stay views of one", async () => {
  const pooled = Buffer.from('short');
  const memory = new ArrayBuffer(64);
  for (const copy of await copies({ pooled, bytes: new Uint8Array(memory, 8, 8), words: new Int32Array(memory) })) {
    assert.ok(Buffer.isBuffer(copy.pooled));
    assert.equal(copy.pooled.toString(), 'short');
    assert.equal(copy.pooled.buffer.byteLength, 5);
    copy.words[2] = 0x0101_0101;
    assert.deepEqual([...copy.bytes], [1, 1, 1, 1, 0, 0, 0, 0]);
  }
});

test('getters stay getters, and an object that is frozen or sealed stays so', async () => {
  const object = Object.freeze({
    n: 2,
    get twice(): number {
      return this.n * 2;
    },
  });
  const found = await far(
    (o: typeof object) => [o.twice, Object.isFrozen(o), typeof Object.getOwnPropertyDescriptor(o, 'twice')?.get],
    object,
  );
  assert.deepEqual(found, [4, true, 'function']);
  assert.deepEqual(await far((o: object) => [Object.isSealed(o), Object.isFrozen(o)], Object.seal({ f: () => 1 })), [true, false]);
});

test('symbols as keys and values are the same ones when they come back', async () => {
  const mine = Symbol('mine');
  const found = (await far((o: object) => o, { [mine]: mine, [Symbol.for('theirs')]: 1 })) as Record<symbol, unknown>;
  assert.equal(found[mine], mine);
  assert.equal(found[Symbol.for('theirs')], 1);
});

test('instances keep class, fields, and being one object on two ways', async () => {
  const point = new Point(3, 4);
  const found = (await far((a: Point, b: { p: Point }) => [a === b.p, a.norm()], point, { p: point })) as unknown[];
  assert.deepEqual(found, [true, 5]);
});

test('keys of node:crypto and blobs go to a thread', async () => {
  const key = createSecretKey(Buffer.from('0123456789abcdef'));
  const { bytes, parcels } = encode({ key, blob: new Blob(['text']) });
  const copy = decode(bytes, parcels) as { key: KeyObject; blob: Blob };
  assert.equal(copy.key.export().toString(), '0123456789abcdef');
  assert.equal(await copy.blob.text(), 'text');
});

test('what Node and the language make from what it says of itself is made again: formats, texts, headers, files, dates of Temporal', async () => {
  const file = new File(['text'], 'a.txt', { type: 'text/plain', lastModified: 5 });
  const date = new Date(1e12);
  const sent = {
    number: new Intl.NumberFormat('de', { style: 'currency', currency: 'EUR' }),
    compact: new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 2 }),
    long: new Intl.DateTimeFormat('fr', { dateStyle: 'full', timeZone: 'Asia/Tokyo' }),
    short: new Intl.DateTimeFormat('en-US', { hour: 'numeric', minute: '2-digit', hour12: true, timeZone: 'UTC' }),
    collator: new Intl.Collator('sv', { numeric: true }),
    plural: new Intl.PluralRules('ar', { type: 'ordinal' }),
    list: new Intl.ListFormat('en', { type: 'disjunction' }),
    relative: new Intl.RelativeTimeFormat('es', { numeric: 'auto' }),
    names: new Intl.DisplayNames('en', { type: 'region' }),
    segments: new Intl.Segmenter('en', { granularity: 'word' }),
    locale: new Intl.Locale('de-AT-u-co-phonebk'),
    encoder: new TextEncoder(),
    decoder: new TextDecoder('utf-16le', { fatal: true }),
    headers: new Headers([
      ['a', '1'],
      ['set-cookie', 'b=2'],
      ['set-cookie', 'c=3'],
    ]),
    file,
  };
  const says = ({
    number,
    compact,
    long,
    short,
    collator,
    plural,
    list,
    relative,
    names,
    segments,
    locale,
    encoder,
    decoder,
    headers,
  }: typeof sent) => [
    [number.format(1234.5), compact.format(123_456), long.format(date), short.format(date)],
    ['ä', 'z', 'a10', 'a9'].sort(collator.compare),
    [plural.select(3), list.format(['a', 'b', 'c']), relative.format(-1, 'day'), names.of('DE'), String(locale)],
    [...segments.segment('two words')].map(({ segment }) => segment),
    [[...encoder.encode('é')], decoder.decode(new Uint8Array([65, 0])), decoder.fatal, [...headers]],
  ];
  const { bytes, parcels } = encode(sent);
  const copy = decode(bytes, parcels) as typeof sent;
  assert.deepEqual(says(copy), says(sent));
  assert.notEqual(copy.number, sent.number);
  assert.deepEqual([await copy.file.text(), copy.file.name, copy.file.type, copy.file.lastModified], ['text', 'a.txt', 'text/plain', 5]);
  const { subtle } = crypto;
  const key = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
  const posted = encode([key]);
  assert.deepEqual(
    await subtle.exportKey('jwk', (decode(posted.bytes, posted.parcels) as [typeof key])[0]),
    await subtle.exportKey('jwk', key),
  );
  const temporal = (globalThis as { readonly Temporal?: { readonly ZonedDateTime: { from(text: string): object } } }).Temporal;
  if (temporal === undefined) return;
  const day = temporal.ZonedDateTime.from('2026-11-26T19:00:00+09:00[Asia/Tokyo]');
  assert.equal(String((decode(encode([day]).bytes, null) as [object])[0]), String(day));
});

test('what can go nowhere is refused by name, wherever it stands', () => {
  const givenAway = new Float64Array(4);
  structuredClone(givenAway, { transfer: [givenAway.buffer] });
  const cases: readonly (readonly [unknown, string])[] = [
    [{ a: [new WeakRef({})] }, 'E_WEAK'],
    [new Map([[1, new Proxy({}, {})]]), 'E_PROXY'],
    [{ at: Promise.resolve(1) }, 'E_PROMISE'],
    [[new FinalizationRegistry(() => {})], 'E_NATIVE_HANDLE'],
    [new AbortController(), 'E_NATIVE_HANDLE'],
    [[1, 2][Symbol.iterator](), 'E_GENERATOR'],
    [new MessageChannel().port1, 'E_NOT_TRANSFERRED'],
    [[givenAway.buffer], 'E_GIVEN_AWAY'],
    [{ view: givenAway }, 'E_GIVEN_AWAY'],
    [process, 'none'],
  ];
  for (const [value, code] of cases) {
    let found = 'none';
    try {
      encode(value);
    } catch (error) {
      assert.ok(error instanceof SendError, String(error));
      found = error.code;
      assert.match(error.message, /can't be (?:sent|copied)/);
    }
    assert.equal(found, code, Object.prototype.toString.call(value));
  }
});
