export * from './everything.ts';
export {
  type Context,
  ForkServerPool,
  ForkServerProcess,
  getAllStartMethods,
  getContext,
  getStartMethod,
  setStartMethod,
  SpawnPool,
  SpawnProcess,
  type StartMethod,
} from './context.ts';
