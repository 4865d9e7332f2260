export * from './everything.ts';
export {
  type Context,
  ForkServerPool,
  ForkServerProcess,
  getAllStartMethods,
  getContext,
  getStartMethod,
  setForkServerPreload,
  setStartMethod,
  SpawnPool,
  SpawnProcess,
  type StartMethod,
} from './context.ts';
