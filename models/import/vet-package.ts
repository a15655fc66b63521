import { PackageError } from '../package/errors.ts'
import { type ModelPackage, readPackage, readPackageFile } from '../package/read-package.ts'
import { OnnxError } from './errors.ts'
import { inspectOnnx } from './inspect-onnx.ts'

/**
 * Reads and verifies a package folder, and looks into every graph: a digest says that bytes are the author's, not that an
 * appliance may run them. What a hub takes in and what a person verifies is read this way.
 * @throws {PackageError} those of `readPackage`, and `graph-refused`, naming the file and the operators.
 */
export async function readVettedPackage(folder: string): Promise<ModelPackage> {
  const read = await readPackage(folder)
  for (const { path } of read.manifest.files.filter((file) => file.path.endsWith('.onnx'))) {
    const problems = problemsOf(await readPackageFile(read, path))
    if (problems.length > 0) throw new PackageError('graph-refused', `${path}: ${problems.join('; ')}`)
  }
  return read
}

function problemsOf(bytes: Uint8Array): readonly string[] {
  try {
    return inspectOnnx(bytes).problems
  } catch (error) {
    if (error instanceof OnnxError) return [error.message]
    throw error
  }
}
