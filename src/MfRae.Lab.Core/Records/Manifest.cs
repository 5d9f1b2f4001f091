using System.Text.Json;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Core.Records;

/// <summary>The files of a completed stage and their provenance: `manifest.json`, the last file written.</summary>
/// <param name="Format">Version of this record and of its bytes (<c>ManifestSeal</c>).</param>
/// <param name="Definition">The stage's definition with all options. It is JSON, so that a later version without this stage can still verify
/// its files.</param>
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

/// <summary>A file of an artifact.</summary>
/// <param name="Size">Size in bytes.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record ManifestFile(string Name, long Size, string Sha256);

/// <summary>
/// The files that a completed stage has dropped: `dropped.json` in its folder. A file that exists although it is listed was not deleted yet.
/// </summary>
/// <param name="Format">Version of this record; 1.</param>
public sealed record DroppedFiles(int Format, IReadOnlyList<DroppedFile> Files);

/// <summary>A file that a stage has dropped. Its size and hash are in the manifest.</summary>
/// <param name="At">When it was dropped.</param>
/// <param name="Reason">Why it was dropped.</param>
public sealed record DroppedFile(string Name, DateTimeOffset At, string Reason);

/// <summary>
/// The program, machine and time that computed an artifact. Of these, only <paramref name="Files"/> is part of the stage's key; device,
/// threads and processor change its numbers by rounding. The time and memory of the attempt are in the last line of its journal, which is
/// one of the artifact's files. <paramref name="Packages"/> and all later parameters are null in manifests of earlier versions.
/// </summary>
/// <param name="Tool">Version of the program, with the commit if the build knew it.</param>
/// <param name="Started">The start of the attempt that completed the stage.</param>
/// <param name="Packages">Package → version, for all packages that the program was built from.</param>
/// <param name="Processor">Model and number of logical processors.</param>
/// <param name="Accelerators">Models of the GPUs, if a GPU was used.</param>
/// <param name="Files">Path in the options → SHA-256 of the dataset or weights there.</param>
/// <param name="Flops">Estimated floating-point operations of the stage; null without a cost model.</param>
/// <param name="Run">The command and the source checkout of the run.</param>
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
    /// <summary>The commit that the program was built from, or null if the build did not know it.</summary>
    public string? Commit => Tool.IndexOf('+') is >= 0 and var plus ? Tool[(plus + 1)..] : null;

    /// <summary>The provenance of a completed attempt.</summary>
    /// <param name="origin">The origin that the attempt recorded when it started.</param>
    /// <param name="devices">Device classes of the stage and of all computed stages upstream; null if no stage was computed.</param>
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
