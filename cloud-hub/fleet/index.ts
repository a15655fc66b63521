export {
  type CosignedCheckpoint,
  Fleet,
  type FleetAlarm,
  type FleetDevice,
  type FleetStream,
} from './fleet.ts'
