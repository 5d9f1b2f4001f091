using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// The state from which a training resumes with the same bits: parameters, running statistics, average, moments, the curves since the
/// last report and the step. Random numbers need no state. `checkpoint.json` names the file with the tensors and its hash, and is written
/// after it: a file with another hash is not used.
/// </summary>
public sealed class Checkpoint(
    string folder, Weights weights, Weights average, AdamW optimizer, CurveWindow curves, GradientWatch gradients, LastSteps last)
{
    // Records have no format number yet. It is added with the first change that older versions cannot resume from.
    private const int KnownFormat = 1;
    private const string StepEntry = "step";
    private const string LastEntry = "lastSteps";
    private const string AverageEntry = "average";
    private const string ConstantPrefix = "constant.";
    private const string RecordName = "checkpoint.json";
    private const string Suffix = ".safetensors";

    /// <summary>The size of the tensors in bytes.</summary>
    public long Bytes => Tensors().Sum(entry => entry.Value.numel() * entry.Value.element_size());

    /// <summary>The tensors of the state.</summary>
    internal IEnumerable<Tensor> Values() => Tensors().Select(entry => entry.Value);

    /// <summary>The state after a step.</summary>
    /// <param name="copy">Whether to copy the tensors, so that training can continue before they are written.</param>
    internal CheckpointState State(long step, bool copy)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        Tensor Kept(Tensor value) => value.device_type == DeviceType.CPU ? value.detach().clone() : value.detach().cpu();
        var tensors = Tensors().Select(entry => (entry.Name, copy ? Kept(entry.Value) : entry.Value.alias())).Append((LastEntry, last.Save(step)));
        return new(
            step, [.. tensors.Select(entry => (entry.Item1, entry.Item2.DetachFromDisposeScope()))], new Dictionary<string, string>(curves.Save())
            {
                [StepEntry] = step.ToString(CultureInfo.InvariantCulture),
            });
    }

    /// <summary>Writes a checkpoint and deletes the earlier one. May be called on another thread than that of the training.</summary>
    internal void Write(CheckpointState state)
    {
        var name = $"checkpoint.{state.Step.ToString(CultureInfo.InvariantCulture)}{Suffix}";
        var record = new CheckpointRecord(name, Safetensors.WriteHashed(Path.Combine(folder, name), state.Tensors, state.Metadata));
        FileAside.Write(Path.Combine(folder, RecordName), file =>
            JsonSerializer.Serialize(file, record, CheckpointJson.Default.CheckpointRecord));
        foreach (var old in Directory.EnumerateFiles(folder, "checkpoint.*" + Suffix).Where(path => Path.GetFileName(path) != name))
            File.Delete(old);
    }

    /// <summary>Restores the state and returns the number of completed steps; 0 without a checkpoint, or with a damaged one.</summary>
    /// <param name="damaged">Receives the problem with a damaged checkpoint.</param>
    /// <exception cref="LabException">A newer version of the program wrote the checkpoint in an unknown format. It is kept.</exception>
    public long Restore(Action<string> damaged)
    {
        // Parts of a checkpoint whose writing was interrupted.
        foreach (var part in Directory.EnumerateFiles(folder, "checkpoint.*" + FileAside.Suffix))
            File.Delete(part);
        var record = Path.Combine(folder, RecordName);
        if (!File.Exists(record))
            return 0;
        if (Problem(record, out var name) is { } problem)
        {
            damaged($"{problem}; training restarts from step 0");
            File.Delete(record);
            return 0;
        }
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var file = Safetensors.Read(Path.Combine(folder, name));
        foreach (var (entry, tensor) in Tensors())
            file.Stored(entry).CopyTo(tensor);
        curves.Restore(file.Metadata, weights.Device);
        var step = long.Parse(file.Meta(StepEntry), CultureInfo.InvariantCulture);

        // Checkpoints of earlier versions do not have these values.
        if (file.Tensors.ContainsKey(LastEntry))
            last.Restore(file[LastEntry], step);
        return step;
    }

    /// <summary>Copies the averaged weights of the last checkpoint in a folder.</summary>
    /// <exception cref="LabException">The folder has no checkpoint, or it is damaged or of another network.</exception>
    internal static void CopyAverage(string folder, Weights weights)
    {
        var record = Path.Combine(folder, RecordName);
        if (!File.Exists(record))
            throw new LabException($"{folder}: the training has not written a checkpoint yet");
        if (Problem(record, out var name) is { } problem)
            throw new LabException($"{folder}: {problem}");
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var file = Safetensors.Read(Path.Combine(folder, name));
        if (!file.Tensors.TryGetValue(AverageEntry, out var average) || average.Shape is not [var count] || count != weights.Flat.numel())
            throw new LabException($"{Path.Combine(folder, name)}: the checkpoint is not of a network of this size");
        file.Stored(AverageEntry).CopyTo(weights.Flat);
        foreach (var (constant, value) in weights.Constants())
            file.Stored(ConstantPrefix + constant).CopyTo(value);
    }

    private static string? Problem(string record, out string name)
    {
        var folder = Path.GetDirectoryName(record)!;
        name = "";
        CheckpointRecord? content;
        try
        {
            var bytes = File.ReadAllBytes(record);
            VersionedJson.RefuseNewer(record, bytes, KnownFormat);
            content = JsonSerializer.Deserialize(bytes, CheckpointJson.Default.CheckpointRecord);
        }
        catch (JsonException)
        {
            content = null;
        }

        if (content is null || content.File != Path.GetFileName(content.File))
            return $"{record} is damaged";
        name = content.File;
        return !File.Exists(Path.Combine(folder, name)) ? $"the checkpoint {name} is missing"
            : FileHash.Of(Path.Combine(folder, name)) != content.Sha256 ? $"the checkpoint {name} has changed since it was written"
            : null;
    }

    private IEnumerable<(string Name, Tensor Value)> Tensors() =>
    [
        ("parameters", weights.Flat), (AverageEntry, average.Flat), ("first", optimizer.First), ("second", optimizer.Second),
        .. weights.Constants().Select(constant => (ConstantPrefix + constant.Name, constant.Value)), .. gradients.State,
    ];
}

/// <summary>The content of a checkpoint: handles of the training's tensors, or copies of these tensors.</summary>
internal sealed record CheckpointState(
    long Step, IReadOnlyList<(string Name, Tensor Value)> Tensors, IReadOnlyDictionary<string, string> Metadata) : IDisposable
{
    public void Dispose()
    {
        foreach (var (_, value) in Tensors)
            value.Dispose();
    }
}

/// <summary>The content of `checkpoint.json`.</summary>
/// <param name="File">The name of the file with the tensors, in the same folder.</param>
/// <param name="Sha256">The hash of that file, in lower-case hex.</param>
public sealed record CheckpointRecord(string File, string Sha256);

// Fields of newer versions are skipped: an unknown field is no reason to discard hours of training.
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CheckpointRecord))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
