using System.Reflection;
using System.Runtime.InteropServices;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>What this process computes with.</summary>
public static class AttemptOrigins
{
    // A stage computes on one device: there is no stage that is spread over several.
    private const int DevicesOfStage = 1;

    /// <param name="device">What the numerics run on: cpu, cuda:N.</param>
    /// <param name="spec">What the process was asked to compute; null where nothing yet.</param>
    public static AttemptOrigin OfProcess(string device, StageSpec? spec = null)
    {
        var packages = PackageList.OfProcess();
        return new(
            typeof(AttemptOrigins).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
            $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
            RuntimeInformation.FrameworkDescription,
            PackageList.Numerics(packages),
            MachineDescription.Processor(),
            device.StartsWith("cuda", StringComparison.Ordinal) ? MachineDescription.Accelerators() : [],
            packages,
            DevicesOfStage,
            spec?.Node.Files ?? new Dictionary<string, string>(),
            spec?.Flops,
            spec?.Run);
    }
}
