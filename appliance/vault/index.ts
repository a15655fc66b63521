export { VaultAnchors } from './anchors.ts'
export { type GenerationParts, keysInForce, type RotationPlan } from './generations.ts'
export { type LocalVault, openLocalVault, type VaultStatus } from './open-offline.ts'
export { Vault } from './vault.ts'
