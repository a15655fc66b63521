export { PressureGauge } from './gauge.ts'
export { IntakeGuard } from './intake-guard.ts'
export { PRESSURE_LEVELS, type Pressure, type PressureLevel } from './rules.ts'
