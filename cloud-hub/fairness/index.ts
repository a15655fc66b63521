export { FairnessMonitor } from './monitor.ts'
