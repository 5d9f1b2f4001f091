using System.Text.Json;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Core.Records;

/// <summary>What a complete stage's folder holds and where it comes from: `manifest.json`, the last file written.</summary>
/// <param name="Format">Version of this record and of its bytes (<c>ManifestSeal</c>).</param>
/// <param name="Definition">The stage's definition with every option. Kept as JSON, so that a later version that no longer
/// knows the stage can still verify its files.</param>
/// <param name="Inputs">Input name → key of the stage that made it.</param>
public sealed record Manifest(
    int Format,
    string Key,
    string Kind,
    string Label,
    JsonElement Definition,
    long? Seed,
    IReadOnlyDictionary<string, string> Inputs,
    Provenance Provenance,
    IReadOnlyList<ManifestFile> Files);

/// <param name="Size">Bytes.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record ManifestFile(string Name, long Size, string Sha256);

/// <summary>
/// Who computed an artifact, with what, and when. Apart from <paramref name="Files"/> nothing in it is part of the stage's key; device, threads
/// and processor change its numbers by rounding. The time and memory of the attempt are in the last line of its journal, which is one of the
/// artifact's files. All from <paramref name="Packages"/> on is null in manifests of earlier versions.
/// </summary>
/// <param name="Tool">Version of this library, with the commit where the build knew it.</param>
/// <param name="Started">When the attempt that completed the stage began.</param>
/// <param name="Packages">Package → version, of all that the program was built from.</param>
/// <param name="Processor">Model and number of logical processors.</param>
/// <param name="Accelerators">Models of the GPUs where one was computed on.</param>
/// <param name="Files">Path in the options → SHA-256 of the dataset or weights there.</param>
/// <param name="Flops">Floating-point operations of the stage, estimated; null where there is no cost model for it.</param>
/// <param name="Run">The command, and the source that it was run from.</param>
/// <param name="Devices">Device classes of this stage and of all computed stages upstream (<see cref="MfRae.Lab.Core.Metrics.DeviceClass"/>).</param>
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
    IReadOnlyDictionary<string, string>? Packages = null,
    string? Processor = null,
    IReadOnlyList<string>? Accelerators = null,
    IReadOnlyDictionary<string, string>? Files = null,
    double? Flops = null,
    RunOrigin? Run = null,
    string? Devices = null)
{
    /// <summary>The commit that the library was built from, or null where the build knew none.</summary>
    public string? Commit => Tool.IndexOf('+') is >= 0 and var plus ? Tool[(plus + 1)..] : null;

    /// <param name="origin">What the attempt said of itself when it started.</param>
    /// <param name="devices">Device classes of the stage and of all computed stages upstream; null where no stage was computed.</param>
    public static Provenance Of(
        AttemptOrigin origin,
        string device,
        int threads,
        int attempt,
        DateTimeOffset started,
        DateTimeOffset finished,
        string? devices = null) => new(
        origin.Tool,
        Environment.MachineName,
        origin.System,
        origin.Runtime,
        device,
        threads,
        attempt,
        started,
        finished,
        origin.Packages,
        origin.Processor,
        origin.Accelerators,
        origin.Files,
        origin.Flops,
        origin.Run,
        devices);
}
