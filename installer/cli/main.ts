import { Command, CommanderError } from 'commander'
import { describeFailure, EXIT, exitStatusOf } from './exit.ts'
import { SOFTWARE_VERSION } from './version.ts'

const EXIT_HELP = `
Exit status: 0 done; 1 failed, or a goal does not hold; 2 wrong use; 3 no instance, or not running; 4 refused.`

type Register = (program: Command) => void

/** The commands in the order of `--help`. Only the one that is called is loaded: most need a part of the product only. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  up: async () => (await import('./commands/up.ts')).registerUp,
  appliance: async () => (await import('./commands/processes.ts')).registerAppliance,
  agent: async () => (await import('./commands/processes.ts')).registerAgent,
  hub: async () => (await import('./commands/processes.ts')).registerHub,
  enrol: async () => (await import('./commands/enrol.ts')).registerEnrol,
  fleet: async () => (await import('./commands/fleet.ts')).registerFleet,
  lake: async () => (await import('./commands/lake.ts')).registerLake,
  drift: async () => (await import('./commands/drift.ts')).registerDrift,
  performance: async () => (await import('./commands/performance.ts')).registerPerformance,
  fairness: async () => (await import('./commands/fairness.ts')).registerFairness,
  send: async () => (await import('./commands/send.ts')).registerSend,
  deid: async () => (await import('./commands/deid.ts')).registerDeid,
  study: async () => (await import('./commands/study.ts')).registerStudy,
  explain: async () => (await import('./commands/explain.ts')).registerExplain,
  review: async () => (await import('./commands/review.ts')).registerReview,
  label: async () => (await import('./commands/label.ts')).registerLabel,
  correct: async () => (await import('./commands/correct.ts')).registerCorrect,
  train: async () => (await import('./commands/train.ts')).registerTrain,
  training: async () => (await import('./commands/training.ts')).registerTraining,
  evaluation: async () => (await import('./commands/evaluation.ts')).registerEvaluation,
  approve: async () => (await import('./commands/approve.ts')).registerApprove,
  model: async () => (await import('./commands/model.ts')).registerModel,
  registry: async () => (await import('./commands/registry.ts')).registerRegistry,
  change: async () => (await import('./commands/change.ts')).registerChange,
  recall: async () => (await import('./commands/recall.ts')).registerRecall,
  rollout: async () => (await import('./commands/rollout.ts')).registerRollout,
  backfill: async () => (await import('./commands/backfill.ts')).registerBackfill,
  radiomics: async () => (await import('./commands/radiomics.ts')).registerRadiomics,
  deployment: async () => (await import('./commands/deployment.ts')).registerDeployment,
  scoring: async () => (await import('./commands/scoring.ts')).registerScoring,
  audit: async () => (await import('./commands/audit.ts')).registerAudit,
  witness: async () => (await import('./commands/witness.ts')).registerWitness,
  report: async () => (await import('./commands/report.ts')).registerReport,
  breach: async () => (await import('./commands/breach.ts')).registerBreach,
  sync: async () => (await import('./commands/sync.ts')).registerSync,
  egress: async () => (await import('./commands/egress.ts')).registerEgress,
  kit: async () => (await import('./commands/kit.ts')).registerKit,
  vault: async () => (await import('./commands/vault.ts')).registerVault,
  keys: async () => (await import('./commands/keys.ts')).registerKeys,
  delivery: async () => (await import('./commands/delivery.ts')).registerDelivery,
  tuf: async () => (await import('./commands/tuf.ts')).registerTuf,
  retention: async () => (await import('./commands/retention.ts')).registerRetention,
  scan: async () => (await import('./commands/scan.ts')).registerScan,
  hold: async () => (await import('./commands/hold.ts')).registerHold,
  rules: async () => (await import('./commands/rules.ts')).registerRules,
  settings: async () => (await import('./commands/settings.ts')).registerSettings,
  console: async () => (await import('./commands/console.ts')).registerConsole,
  conformance: async () => (await import('./commands/conformance.ts')).registerConformance,
  doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
  rehearse: async () => (await import('./commands/rehearse.ts')).registerRehearse,
  bench: async () => (await import('./commands/harness.ts')).registerBench,
  fault: async () => (await import('./commands/harness.ts')).registerFault,
}

async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('leadglass')
    .description(
      'An on-prem radiology box that de-identifies and scores studies locally, and a hub that governs its models.',
    )
    .version(SOFTWARE_VERSION)
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', EXIT_HELP)
    .exitOverride()
  const called = argv[2] ?? ''
  const loaders = Object.hasOwn(COMMANDS, called) ? [COMMANDS[called]] : Object.values(COMMANDS)
  for (const load of loaders) {
    const register = await load?.()
    register?.(program)
  }
  await program.parseAsync(argv)
}

// A reader that has seen enough (`| head`) closes the pipe: that ends the command and is no failure.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.done)
  throw cause
})

try {
  await run(process.argv)
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already printed the cause; its own exit code 1 means wrong use here.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  } else {
    process.stderr.write(`${describeFailure(error)}\n`)
    process.exitCode = exitStatusOf(error)
  }
}
