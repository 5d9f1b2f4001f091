using System.Reflection;
using System.Runtime.InteropServices;

namespace MfRae.Lab.Core.Execution;

/// <summary>Who computed an artifact, with what, and when. Nothing in it changes a number.</summary>
/// <param name="Tool">Version of this library, with the commit where the build knew it.</param>
/// <param name="Started">When the attempt that completed the stage began.</param>
public sealed record Provenance(
    string Tool,
    string Host,
    string System,
    string Runtime,
    string Device,
    int Threads,
    int Attempt,
    DateTimeOffset Started,
    DateTimeOffset Finished)
{
    public static Provenance Of(string device, int threads, int attempt, DateTimeOffset started, DateTimeOffset finished) => new(
        typeof(Provenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        Environment.MachineName,
        $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
        RuntimeInformation.FrameworkDescription,
        device,
        threads,
        attempt,
        started,
        finished);
}
