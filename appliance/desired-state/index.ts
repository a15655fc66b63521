export { type ApplierDependencies, DesiredApplier } from './applier.ts'
export { StateReporter } from './reporter.ts'
export { DesiredStateService } from './service.ts'
