/**
 * Operators of the default domain that may stand in a package: arithmetic, layout, convolution, pooling, normalisation,
 * recurrence, attention parts and quantisation. Left out: Loop, Scan and If (a time that cannot be foreseen), sequences,
 * optionals and strings, random generators (golden cases would not repeat), and training.
 */
const DEFAULT_DOMAIN = `
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift BitwiseAnd BitwiseNot
BitwiseOr BitwiseXor Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat Constant ConstantOfShape Conv
ConvInteger ConvTranspose Cos Cosh CumSum DFT DeformConv DepthToSpace DequantizeLinear Det Div DynamicQuantizeLinear Einsum
Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool
GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax
Identity InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax
LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod
Mul Neg NonMaxSuppression NonZero Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN Range Reciprocal
ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
Reshape Resize ReverseSequence RoiAlign Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice
Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze STFT Sub Sum Swish Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu
Unique Unsqueeze Upsample Where Xor`

/** Operators of ai.onnx.ml that may stand in a package. */
const ML_DOMAIN = `
Binarizer FeatureVectorizer Imputer LinearClassifier LinearRegressor Normalizer SVMClassifier SVMRegressor Scaler
TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor`

const ALLOWED: Readonly<Record<string, ReadonlySet<string>>> = {
  '': namesOf(DEFAULT_DOMAIN),
  'ai.onnx': namesOf(DEFAULT_DOMAIN),
  'ai.onnx.ml': namesOf(ML_DOMAIN),
}

/** Whether an operator may stand in a package; `domain` as the node says it. */
export function isAllowedOperator(domain: string, name: string): boolean {
  return ALLOWED[domain]?.has(name) ?? false
}

function namesOf(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/))
}
