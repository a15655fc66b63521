export { type DoorCredential, doorCredential } from './certificate.ts'
export { ConsoleDoor } from './door.ts'
export { type ConsolePairing, consolePairing } from './pairing.ts'
