using System.Reflection;
using System.Runtime.InteropServices;

namespace MfRae.Lab.Core.Execution;

/// <summary>Who computed an artifact, with what, and when. Nothing in it changes a number.</summary>
/// <param name="Tool">Version of this library, with the commit where the build knew it.</param>
/// <param name="Started">When the attempt that completed the stage began.</param>
/// <param name="Packages">Package → version, of all that the program was built from; null in manifests of earlier versions.</param>
public sealed record Provenance(
    string Tool,
    string Host,
    string System,
    string Runtime,
    string Device,
    int Threads,
    int Attempt,
    DateTimeOffset Started,
    DateTimeOffset Finished,
    IReadOnlyDictionary<string, string>? Packages = null)
{
    /// <summary>The commit that the library was built from, or null where the build knew none.</summary>
    public string? Commit => Tool.IndexOf('+') is >= 0 and var plus ? Tool[(plus + 1)..] : null;

    public static Provenance Of(string device, int threads, int attempt, DateTimeOffset started, DateTimeOffset finished) => new(
        typeof(Provenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        Environment.MachineName,
        $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
        RuntimeInformation.FrameworkDescription,
        device,
        threads,
        attempt,
        started,
        finished,
        PackageList.OfProcess());
}
