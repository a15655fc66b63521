import { type Command, Option } from 'commander'
import { readAuditKeys } from '../../start/audit-keys.ts'
import { applianceHost } from '../../start/instance-file.ts'
import { DEFAULT_PORT_BASE, LOOPBACK, layoutOf } from '../../start/layout.ts'
import { readSignInFile, type SignInFile } from '../../start/sign-in-file.ts'
import { bringUp, type RunningInstance } from '../../start/up.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'

interface UpCommandOptions {
  readonly data: string
  readonly portBase?: number
  readonly host?: string
  readonly keys?: string
  readonly transport?: 'mqtt' | 'azure-iot'
  readonly empty: boolean
  readonly json: boolean
}

/** `leadglass up`: the whole instance; also behind `npm start`. */
export function registerUp(program: Command): void {
  const command = program
    .command('up')
    .description('start hub, sync agent and appliance as separate processes; Ctrl-C stops all of them')
    .option(
      '--port-base <n>',
      'DIMSE on N, appliance on N+1, hub on N+2, MQTT on N+3, consoles on N+6',
      wholeNumber(1024, 65_529),
    )
    .option(
      '--host <address>',
      'address for the DICOM port and the console; kept for the next start (first: 127.0.0.1)',
    )
    .option(
      '--keys <folder>',
      'where site.secret, database.key and spool.key lie, on another medium than the data; kept for the next start',
      callerPath,
    )
    .addOption(
      new Option(
        '--transport <way>',
        'how agent and hub speak: MQTT, or the Azure IoT SDK against the hub on N+4 and N+5; kept for the next start',
      ).choices(['mqtt', 'azure-iot']),
    )
    .option('--empty', 'do not send phantom radiographs on the first start', false)
  withJson(withData(command)).action(up)
}

async function up(options: UpCommandOptions): Promise<void> {
  const layout = layoutOf(options.data)
  const progress = createProgress()
  const interrupted = signalled()
  const running = await Promise.race([
    bringUp({
      layout,
      portBase: options.portBase,
      defaultPortBase: DEFAULT_PORT_BASE,
      host: options.host,
      keysFolder: options.keys,
      transport: options.transport,
      empty: options.empty,
      progress,
      onRestart: (name) =>
        progress.step(`the ${name} ended unexpectedly and is started again; its log is in ${layout.logs}`),
    }),
    interrupted.then(() => undefined),
  ])
  if (running === undefined) return
  const signIn = await readSignInFile(layout).catch(() => undefined)
  const facts = {
    ready: true,
    ...addresses(running),
    auditKeys: await readAuditKeys(layout),
    signInFile: layout.signInFile,
    dataFolder: layout.root,
  }
  print(options.json, facts, () => presentReady(running, signIn, options.data))
  await interrupted
  progress.step('stopping')
  await running.stop()
}

/** Resolves at the first SIGINT or SIGTERM; further ones change nothing, because stopping is under way. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGINT', () => resolve()).on('SIGTERM', () => resolve())
  })
}

function addresses({ instance }: RunningInstance): Record<string, unknown> {
  const { ports, aeTitle, device } = instance
  const host = applianceHost(instance)
  return {
    device,
    dimse: { aeTitle, host, port: ports.dimse },
    appliance: `http://${host}:${ports.appliance}`,
    hub: `http://${LOOPBACK}:${ports.hub}`,
    mqtt: `mqtts://${LOOPBACK}:${ports.mqtt}`,
  }
}

function presentReady({ instance, firstStart }: RunningInstance, signIn: SignInFile | undefined, data: string): string {
  const { ports, aeTitle } = instance
  const host = applianceHost(instance)
  const accounts = (list: SignInFile['console']): string[] =>
    list.map(({ account, role, password }) => `    ${account.padEnd(20)} ${password.padEnd(26)} ${role}`)
  return [
    '',
    'Leadglass is ready.',
    `  DICOM     AE title ${aeTitle}, ${host}, port ${ports.dimse}`,
    `  Console   http://${host}:${ports.appliance}`,
    `  Hub       http://${LOOPBACK}:${ports.hub}`,
    `  MQTT      mqtts://${LOOPBACK}:${ports.mqtt}`,
    `  Data      ${data}`,
    ...(signIn === undefined
      ? []
      : [
          '',
          firstStart
            ? '  Sign in (noted in first-sign-in.json; change or delete it):'
            : '  Sign in (from first-sign-in.json):',
          '  Console accounts',
          ...accounts(signIn.console),
          '  Hub accounts',
          ...accounts(signIn.hub),
        ]),
    ...(firstStart
      ? [
          '',
          '  This is an evaluation instance: its approval keys were made on this machine. Models are for research only,',
          '  not for diagnosis. Keep a copy of audit-keys.txt outside the data folder.',
        ]
      : []),
    '',
    '  Ctrl-C stops everything; the next start has the same state.',
  ].join('\n')
}
