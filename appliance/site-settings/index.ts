export { faultsOfFiles, SettingsDesk } from './desk.ts'
export { acceptanceOf, networkLimitsOf, portPlanOf } from './dicom-port-plan.ts'
export { type Plan, planChange } from './plan.ts'
export { TlsMaterial } from './tls-material.ts'
