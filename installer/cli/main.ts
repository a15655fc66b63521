import { Command, CommanderError } from 'commander'
import { registerAudit } from './commands/audit.ts'
import { registerDeid } from './commands/deid.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerEgress } from './commands/egress.ts'
import { registerBenchAndFault } from './commands/harness.ts'
import { registerLabel } from './commands/label.ts'
import { registerModel } from './commands/model.ts'
import { registerProcesses } from './commands/processes.ts'
import { registerRehearse } from './commands/rehearse.ts'
import { registerSend } from './commands/send.ts'
import { registerStudy } from './commands/study.ts'
import { registerTrain } from './commands/train.ts'
import { registerUp } from './commands/up.ts'
import { describeFailure, EXIT, exitStatusOf } from './exit.ts'
import { SOFTWARE_VERSION } from './version.ts'

const EXIT_HELP = `
Exit status: 0 done; 1 failed, or a goal does not hold; 2 wrong use; 3 no instance, or not running; 4 refused.`

const program = new Command('leadglass')
  .description(
    'An on-prem radiology box that de-identifies and scores studies locally, and a hub that governs its models.',
  )
  .version(SOFTWARE_VERSION)
  .showHelpAfterError('(add --help for the options)')
  .addHelpText('after', EXIT_HELP)
  .exitOverride()

registerUp(program)
registerProcesses(program)
registerSend(program)
registerDeid(program)
registerStudy(program)
registerLabel(program)
registerTrain(program)
registerModel(program)
registerAudit(program)
registerEgress(program)
registerDoctor(program)
registerRehearse(program)
registerBenchAndFault(program)

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already printed the cause; its own exit code 1 means wrong use here.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  } else {
    process.stderr.write(`${describeFailure(error)}\n`)
    process.exitCode = exitStatusOf(error)
  }
}
