export { CONCLUSIONS, FACTORS, NOTIFIED, overdue } from './breach-case.ts'
export { BreachDesk, type FiledCase, type StepOutcome } from './breach-desk.ts'
