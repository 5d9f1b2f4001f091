using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// The file of the samples of one number of steps, which grows batch by batch, so that only one batch is in memory. Until it is complete, it
/// has a name that the store ignores, and `checkpoint.samples.E.json` has the number of samples that are on the disk: an interrupted
/// sampling continues with the next batch, and the complete file has the same bytes.
/// </summary>
internal sealed class SampleFile : IDisposable
{
    private const string Images = "images";
    private const string Labels = "labels";
    private const string Latents = "latents";
    private const string DoneEntry = "samples";

    private readonly StageContext _context;
    private readonly string _path;
    private readonly string _part;
    private readonly string _record;
    private readonly SafetensorsLayout _layout;
    private readonly CheckpointSchedule _schedule;
    private readonly long _keptLatents;
    private readonly FileStream? _file;
    private long _recorded;

    /// <summary>Opens the file, with the samples of an earlier attempt.</summary>
    /// <param name="evaluations">The number of network evaluations of a sample, for the name.</param>
    /// <param name="images">The shape of all images, [N, C, H, W].</param>
    /// <param name="labels">int64 [N].</param>
    /// <param name="latents">The shape of the latents that are kept: those of the first samples.</param>
    public SampleFile(
        StageContext context, string evaluations, int batchSize, long[] images, Tensor labels, long[] latents,
        IReadOnlyDictionary<string, string> metadata)
    {
        _context = context;
        _path = context.File(NameOf(evaluations));
        _part = context.File($"checkpoint.samples.{evaluations}.safetensors");
        _record = context.File($"checkpoint.samples.{evaluations}.json");
        _keptLatents = latents[0];
        _schedule = new(context.Spec.Settings.CheckpointSeconds, context.Time);
        _layout = new(
            [(Images, ScalarType.Byte, images), (Labels, ScalarType.Int64, labels.shape), (Latents, ScalarType.Float32, latents)], metadata);
        if (File.Exists(_path))
        {
            Done = images[0];
            return;
        }

        Done = _recorded = Recorded(images[0], batchSize);
        _file = new(_part, Done > 0 ? FileMode.Open : FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        if (Done > 0)
            return;
        File.Delete(_record);
        _file.Write(_layout.Start);
        Put(_file, Labels, 0, labels);
        _file.SetLength(_layout.Length);
    }

    /// <summary>The number of samples in the file.</summary>
    public long Done { get; private set; }

    /// <summary>The name of the complete file.</summary>
    public static string NameOf(string evaluations) => $"samples.{evaluations}.safetensors";

    /// <summary>Adds the next samples.</summary>
    /// <param name="images">uint8 [B, C, H, W].</param>
    /// <param name="latents">float32 [B, C, H, W].</param>
    public void Add(Tensor images, Tensor latents)
    {
        using var scope = NewDisposeScope();
        var file = _file ?? throw new InvalidOperationException($"{_path} is complete");
        Put(file, Images, Done, images);
        if (Math.Min(_keptLatents - Done, latents.shape[0]) is > 0 and var kept)
            Put(file, Latents, Done, latents.narrow(0, 0, kept));
        Done += images.shape[0];
        if (_schedule.IsDue)
            Keep();
    }

    /// <summary>Records the samples so far, so that a later attempt continues after them.</summary>
    public void Keep()
    {
        if (_file is null || Done == _recorded)
            return;
        var started = _context.Time.GetTimestamp();
        _schedule.Begin();
        _file.Flush(flushToDisk: true);
        _context.Journal.Flush();
        FileAside.Write(_record, file => JsonSerializer.Serialize(file, new JsonObject { [DoneEntry] = Done }));
        _recorded = Done;
        _context.Journal.Write(new CheckpointEvent(Done));
        _schedule.End(_context.Time.GetElapsedTime(started));
    }

    /// <summary>Gives the complete file its name.</summary>
    public void Complete()
    {
        if (_file is null)
            return;
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_part, _path);
        File.Delete(_record);
    }

    public void Dispose() => _file?.Dispose();

    // The number of samples in the unfinished file of an earlier attempt; 0 without such a file, or if it has another layout.
    private long Recorded(long count, int batchSize)
    {
        try
        {
            using var file = File.OpenRead(_part);
            var start = new byte[_layout.Start.Length];
            return file.Length == _layout.Length && file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length
                && start.AsSpan().SequenceEqual(_layout.Start)
                && JsonNode.Parse(File.ReadAllBytes(_record))?[DoneEntry]?.GetValue<long>() is { } done && done > 0
                && (done == count || (done < count && done % batchSize == 0))
                    ? done
                    : 0;
        }
        catch (Exception missing) when (missing is FileNotFoundException or JsonException or InvalidOperationException or FormatException)
        {
            return 0;
        }
    }

    private void Put(FileStream file, string tensor, long row, Tensor rows)
    {
        file.Position = _layout.Offset(tensor) + (row * (rows.numel() / rows.shape[0]) * ElementType.Of(rows.dtype).Size);
        TensorStream.Write(file, StoredTensor.Of(rows));
    }
}
