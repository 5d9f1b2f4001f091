using System.Runtime.InteropServices;

namespace MfRae.Lab.Benchmarks;

/// <summary>Where figures were measured.</summary>
internal static class Machine
{
    public static string Description
    {
        get
        {
            const string Info = "/proc/cpuinfo";
            var model = File.Exists(Info)
                ? File.ReadLines(Info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
                : null;
            return $"{model ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores; "
                + $"{RuntimeInformation.OSDescription.Trim()}; {RuntimeInformation.FrameworkDescription}; libtorch {TorchSharp.torch.__version__}";
        }
    }
}
