import type { Command } from 'commander'
import { examine } from '../../doctor/examine.ts'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { print, withData, withJson } from '../options.ts'

const SIGN = { ok: 'ok  ', warning: 'warn', fail: 'FAIL' } as const

/** `leadglass doctor`: plain-language checks with what to do. */
export function registerDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('examine a running instance and say in plain words what to mend; exit status 1 when something fails')
  withJson(withData(command)).action(async (options: { readonly data: string; readonly json: boolean }) => {
    const findings = await examine(await InstanceClient.open(options.data))
    print(options.json, { findings }, () =>
      findings
        .map(
          ({ check, verdict, found, fix }) =>
            `${SIGN[verdict]}  ${check}: ${found}${fix === '' ? '' : `\n        ${fix}`}`,
        )
        .join('\n'),
    )
    process.exitCode = findings.some((finding) => finding.verdict === 'fail') ? EXIT.failed : EXIT.done
  })
}
