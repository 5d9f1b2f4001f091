using System.Diagnostics;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Stages;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>Samples of another program: from files, and from a Python script without libraries.</summary>
[Scoped]
public sealed class ExternalSamplingTests : IDisposable
{
    private const int Samples = 6;
    private const int Side = 28;

    // Image i has the grey value seed + 10 × steps + label in every pixel.
    private const string Script = """
        import json, os, struct, sys, time
        mode = sys.argv[1] if len(sys.argv) > 1 else ""
        labels = [int(line) for line in open(os.environ["MFRAE_LABELS"])]
        steps, seed = int(os.environ["MFRAE_STEPS"]), int(os.environ["MFRAE_SEED"])
        channels, rows, columns = map(int, os.environ["MFRAE_IMAGE"].split("x"))
        with open(os.environ["MFRAE_NOISE"], "rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        assert header["noise"]["shape"] == [len(labels), 1, 28, 28], header
        assert len(labels) == int(os.environ["MFRAE_SAMPLES"]) and max(labels) < int(os.environ["MFRAE_CLASSES"])
        print("working on", seed, flush=True)
        if mode == "fail":
            raise ValueError("no such generator")
        if mode == "hang":
            time.sleep(600)
        with open(os.environ["MFRAE_LOG"], "w") as log:
            for i, step in enumerate([1, 2, 2]):
                log.write(json.dumps({"seq": i + 1, "at": "2026-01-01T00:00:00Z",
                                      "event": {"type": "metrics", "step": step, "values": {"loss": 1 / step}}}) + "\n")
            log.write("not an event\n")
        pixels = b"".join(bytes([seed + 10 * steps + label]) * (channels * rows * columns) for label in labels)
        entry = {"images": {"dtype": "U8", "shape": [len(labels), channels, rows, columns], "data_offsets": [0, len(pixels)]}}
        text = json.dumps(entry).encode()
        with open(os.path.join(os.environ["MFRAE_OUTPUT"], "samples.safetensors"), "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + pixels)
        """;

    private readonly TemporaryFolder _folder = new();

    public ExternalSamplingTests()
    {
        TinyDataset.Write(_folder.File("idx"));
        Run("dataset", new DatasetStage(new IdxDatasetOptions(_folder.File("idx"))));
        Run("encoder", new EncoderStage(new PixelEncoderOptions()), "dataset");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_program_gets_its_task_and_its_samples_and_curves_are_taken()
    {
        var stage = Python();

        var files = Directory.EnumerateFileSystemEntries(_folder.File("samples")).Select(path => Path.GetFileName(path)).ToList();
        files.Should().BeEquivalentTo("samples.1.safetensors", "samples.3.safetensors", "sheet.1.png", "sheet.3.png", "command.log");
        var samples = Safetensors.Read(_folder.File("samples/samples.3.safetensors"));
        samples["images"].shape.Should().Equal(Samples, 1, Side, Side);
        // Labels are balanced: 0, 1, 2, 3, 0, 1.
        samples["labels"].data<long>().ToArray().Should().Equal(0, 1, 2, 3, 0, 1);
        samples["images"].select(1, 0).select(1, 5).select(1, 5).data<byte>().ToArray().Should().Equal(35, 36, 37, 38, 35, 36);
        samples["latents"].shape[0].Should().Be(0);
        // The program logs the same steps in each of its two executions, and step 2 twice in each.
        stage.Events.OfType<MetricsEvent>().Select(metrics => (metrics.Step, metrics.Values["loss"])).Should().Equal((1, 1), (2, 0.5));
        stage.Events.OfType<NoticeEvent>().Should().ContainSingle().Which.Text.Should().Contain("mfrae_log.py");
        stage.Events.OfType<ImageEvent>().Select(image => image.Caption).Should().Equal(
            "1 network evaluation a sample, as declared; columns are classes", "3 network evaluations a sample, as declared; columns are classes");
        File.ReadAllText(_folder.File("samples/command.log")).Should().Contain("working on 5");
    }

    [Fact]
    public void The_noise_is_that_of_the_labs_own_samples()
    {
        Requires.Python();
        File.WriteAllText(_folder.File("generator.py"), "import os, shutil\nshutil.copy(os.environ['MFRAE_NOISE'], os.path.dirname(__file__) + '/noise.safetensors')\nraise SystemExit(3)");

        FluentActions.Invoking(() => Run("samples", Stage(Command("generator.py")), "dataset", "encoder")).Should().Throw<LabException>();

        var noise = Safetensors.Read(_folder.File("noise.safetensors"))["noise"];
        var own = new SampleNoise(5, 1, 4, SamplingOptions.BalancedLabels, CPU).Noise(new(1, Side, Side), arange(4, Samples, dtype: int64));
        (noise.slice(0, 4, Samples, 1) == own).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_program_that_fails_fails_the_stage_with_the_end_of_its_output()
    {
        var failure = FluentActions.Invoking(() => Python("fail")).Should().Throw<LabException>().Which.Message;

        failure.Split('\n')[0].Should().EndWith("exited with code 1: ValueError: no such generator");
        failure.Should().Contain("\nworking on 5").And.Contain("\nTraceback");
        Directory.EnumerateFiles(_folder.File("samples"), "samples.*").Should().BeEmpty();
    }

    [Fact]
    public void A_stop_ends_the_program()
    {
        var clock = Stopwatch.StartNew();
        var stage = New("samples", "dataset", "encoder");
        var stopper = new Thread(() =>
        {
            while (!File.Exists(_folder.File("samples/command.log")) || new FileInfo(_folder.File("samples/command.log")).Length == 0)
                Thread.Sleep(20);
            stage.Stop();
        });
        stopper.Start();

        FluentActions.Invoking(() => Python("hang", stage)).Should().Throw<OperationCanceledException>();

        stopper.Join();
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromMinutes(5), "the program would run for ten");
    }

    [Fact]
    public void A_program_that_does_not_exist_is_named()
    {
        var stage = Stage(new CommandSamplesOptions(["no-such-program-here"]));

        FluentActions.Invoking(() => Run("samples", stage, "dataset", "encoder")).Should().Throw<LabException>()
            .WithMessage("the program no-such-program-here cannot be started*");
    }

    [Theory]
    [InlineData("last")]
    [InlineData("first")]
    [InlineData("grey")]
    public void Arrays_of_whole_numbers_are_taken_in_any_order_of_dimensions(string order)
    {
        var images = randint(0, 256, [Samples, 1, Side, Side], dtype: uint8);
        var written = order switch { "last" => images.permute(0, 2, 3, 1), "grey" => images.squeeze(1), _ => images };
        Safetensors.Write(_folder.File("s.safetensors"), [("arr_0", written.contiguous()), ("arr_1", tensor(new long[] { 3, 2, 1, 0, 3, 2 }))]);

        var taken = Take(new FileSamplesOptions(_folder.File("s.safetensors")));

        (taken["images"] == images).all().item<bool>().Should().BeTrue();
        taken["labels"].data<long>().ToArray().Should().Equal(3, 2, 1, 0, 3, 2);
    }

    [Fact]
    public void Real_numbers_are_rounded_within_the_declared_range()
    {
        var values = tensor(new float[] { -1, -2, 1, 0, 0.5f, 3 });
        Safetensors.Write(_folder.File("s.safetensors"), [("images", values.view(Samples, 1, 1, 1).expand(Samples, 1, Side, Side).contiguous())]);

        var taken = Take(new FileSamplesOptions(_folder.File("s.safetensors"), [-1, 1]));

        // (x + 1) × 127.5, rounded half to even: 127.5 and 191.25.
        taken["images"].select(3, 0).select(2, 0).flatten().data<byte>().ToArray().Should().Equal(0, 0, 255, 128, 191, 255);
    }

    [Fact]
    public void A_folder_of_images_is_taken_in_the_order_of_its_numbers()
    {
        Directory.CreateDirectory(_folder.File("png"));
        foreach (var i in (int[])[1, 2, 3, 9, 10, 11])
        {
            using var bitmap = new SKBitmap(Side, Side, SKColorType.Gray8, SKAlphaType.Opaque);
            bitmap.Erase(new SKColor((byte)i, (byte)i, (byte)i));
            using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(_folder.File($"png/{i}.png"), png.ToArray());
        }

        var taken = Take(new FileSamplesOptions(_folder.File("png")));

        taken["images"].select(3, 0).select(2, 0).flatten().data<byte>().ToArray().Should().Equal(1, 2, 3, 9, 10, 11);
        taken["labels"].data<long>().ToArray().Should().Equal(0, 1, 2, 3, 0, 1);
    }

    [Fact]
    public void Unusable_samples_are_refused_with_what_is_needed()
    {
        void Refused(string message, IReadOnlyList<double>? range, params (string, Tensor)[] tensors)
        {
            Safetensors.Write(_folder.File("s.safetensors"), tensors);
            FluentActions.Invoking(() => Take(new FileSamplesOptions(_folder.File("s.safetensors"), range))).Should().Throw<Exception>().WithMessage(message);
            Directory.Delete(_folder.File("samples"), recursive: true);
        }

        Refused("*images of the dataset need *[N, 28, 28, 1]*", null, ("arr_0", zeros([Samples, 8, 8, 1], dtype: uint8)));
        Refused("*values of black and white are unknown*", null, ("arr_0", zeros(Samples, Side, Side, 1)));
        Refused("*type Int64*", null, ("arr_0", zeros([Samples, Side, Side, 1], dtype: int64)));
        Refused("*contain NaN or infinite values*", [0, 1], ("arr_0", full([Samples, Side, Side, 1], float.NaN)));
        Refused("*has 5 samples, but 6 are needed*", [0, 1], ("arr_0", zeros(5, Side, Side, 1)));
        Refused("*has the classes 0 to 3*", null, ("arr_0", zeros([Samples, Side, Side, 1], dtype: uint8)), ("arr_1", full([Samples], 4, dtype: int64)));
    }

    private TestStage Python(string mode = "", TestStage? stage = null)
    {
        Requires.Python();
        File.WriteAllText(_folder.File("generator.py"), Script);
        return Run(stage ?? New("samples", "dataset", "encoder"), Stage(Command("generator.py", mode)));
    }

    private CommandSamplesOptions Command(string script, params string[] arguments) =>
        new(["python3", _folder.File(script), .. arguments.Where(argument => argument.Length > 0)]);

    private static ExternalSamplingStage Stage(ExternalSamplesOptions external) =>
        new(external, Samples, external is CommandSamplesOptions ? [1, 3] : [1], Seed: null, BatchSize: 4);

    private TensorFile Take(FileSamplesOptions files)
    {
        Run("samples", Stage(files), "dataset");
        return Safetensors.Read(_folder.File("samples/samples.1.safetensors"));
    }

    private TestStage Run(string name, StageDefinition definition, params string[] inputs) => Run(New(name, inputs), definition);

    private static TestStage Run(TestStage stage, StageDefinition definition)
    {
        StageFactory.Create(definition).Run(stage.Context(definition));
        return stage;
    }

    private TestStage New(string name, params string[] inputs) =>
        new(_folder.File(name), seed: 5, [.. inputs.Select(input => (input, _folder.File(input)))]) { WorkingDirectory = _folder.Root };
}
