using MfRae.Lab.Learning.Numerics;
namespace MfRae.Lab.Learning.Stages;
public static class WorkerNumerics { public static string Prepare(string device, int threads) { ComputeDevice.Prepare(threads); return ComputeDevice.Resolve(device).ToString(); } }
