export { type WorkerReach, workerArguments } from './permissions.ts'
export { sealNetwork } from './seal.ts'
export { type WorkerEvents, type WorkerExit, WorkerProcess } from './worker-process.ts'
