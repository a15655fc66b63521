export { DatabaseHighWaterMarks } from './high-water-marks.ts'
export { ModelLibrary } from './model-library.ts'
export { UpdateWatcher, type UpdateWatcherDependencies } from './update-watcher.ts'
