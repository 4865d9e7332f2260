import { ContextVar } from '../../src/asyncio/index.ts';

export const requestId = new ContextVar<string>('requestId', { default: 'none' });

export const readRequestId = (): string => requestId.get();
