import { join } from 'node:path'

/** The default data folder, below the folder from which the command was called. */
export const DEFAULT_DATA_FOLDER = '.leadglass'

/** Where everything listens unless told; the hub of an all-in-one instance always. */
export const LOOPBACK = '127.0.0.1'

/** The AE title of an instance unless told. */
export const DEFAULT_AE_TITLE = 'LEADGLASS'

/**
 * The default of `--port-base`: DIMSE here, appliance page +1, hub +2, MQTT over TLS +3, consoles over TLS +6. 11112 is
 * DICOM's registered port.
 */
export const DEFAULT_PORT_BASE = 11112

/** Where everything of one instance lies. One folder a zone, so that each process can be given its own and no other. */
export interface InstanceLayout {
  readonly root: string
  readonly instanceFile: string
  readonly signInFile: string
  readonly logs: string
  /** C2SP verifier keys of the instance's logs and witnesses; a copy is to be kept outside the data folder. */
  readonly auditKeysFile: string
  readonly appliance: ProcessLayout
  readonly agent: ProcessLayout
  readonly hub: ProcessLayout
  readonly exchange: string
  /** Offline keys of the TUF repository: to be carried away from the machine. */
  readonly ceremony: string
  /** Key files of the approvers of an evaluation instance; in a hospital each approver keeps their own. */
  readonly approvers: string
}

/** One process: its folder and the file with its configuration. */
export interface ProcessLayout {
  readonly folder: string
  readonly configFile: string
}

/** The layout of the instance in a data folder (absolute path). */
export function layoutOf(root: string): InstanceLayout {
  const processLayout = (name: string): ProcessLayout => ({
    folder: join(root, name),
    configFile: join(root, name, 'config.json'),
  })
  return {
    root,
    instanceFile: join(root, 'instance.json'),
    signInFile: join(root, 'first-sign-in.json'),
    logs: join(root, 'logs'),
    auditKeysFile: join(root, 'audit-keys.txt'),
    appliance: processLayout('appliance'),
    agent: processLayout('agent'),
    hub: processLayout('hub'),
    exchange: join(root, 'exchange'),
    ceremony: join(root, 'ceremony'),
    approvers: join(root, 'ceremony', 'approvers'),
  }
}

/** The four ports of an instance. */
export interface InstancePorts {
  readonly dimse: number
  readonly appliance: number
  readonly hub: number
  readonly mqtt: number
}

/** Ports from their base. */
export function portsFrom(base: number): InstancePorts {
  return { dimse: base, appliance: base + 1, hub: base + 2, mqtt: base + 3 }
}

/** Where the appliance takes consoles of other machines in, over TLS: N+6. */
export function consolePortOf({ dimse }: InstancePorts): number {
  return dimse + 6
}

/** Where the hub speaks the Azure IoT contract beside its broker: N+4 for MQTT, N+5 for files over HTTPS. */
export function iotHubPortsOf({ mqtt }: InstancePorts): { readonly iotHubMqtt: number; readonly iotHubHttps: number } {
  return { iotHubMqtt: mqtt + 1, iotHubHttps: mqtt + 2 }
}
