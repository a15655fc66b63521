import { GuardedOutput } from '../guarded-output.ts'

/**
 * A process that knows one study, and into whose output a patient's name gets by every way there is: the log, a library
 * that prints, and a crash. The name and the way to crash are its arguments.
 */
const [name = '', way = ''] = process.argv.slice(2)
const output = new GuardedOutput('appliance')
output.start()
output.know({ studyId: 1, identifiers: { names: [name], ids: [], birthDates: [], uids: [], places: [], raw: [] } })
output.logger().error('some.failure', { message: `cannot open ${name}` })
console.error('a library says:', { patient: name })
process.stderr.write('a line of ours\n')
if (way === 'rejection') void Promise.reject(new TypeError(`rejected for ${name}`))
else
  setImmediate(() => {
    throw new RangeError(`thrown for ${name}`)
  })
setTimeout(() => undefined, 10_000)
