export { DatabaseHighWaterMarks } from './high-water-marks.ts'
export { ModelLibrary } from './model-library.ts'
export { UpdateWatcher } from './update-watcher.ts'
