using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>The verb with the shipped feature network, on a few images of stripes.</summary>
public sealed class EvaluateVerbTests : IDisposable
{
    private const int Side = 28;

    private readonly LabFolder _lab = new();

    public EvaluateVerbTests()
    {
        File.Copy(Path.Combine(Checkout.Root, "data/weights/inception.safetensors"), _lab.At("data/weights/inception.safetensors"), true);
        WriteImages("samples.npz", 1);
        WriteImages("reference.npz", 2);
    }

    [Fact]
    public void Only_numbers_go_to_standard_output()
    {
        var answer = Evaluate("samples.npz", "reference.npz");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().StartWith("features: embedded Fashion-MNIST network").And.ContainAll(
            "fid", "features       embedded", "uint8, 28x28, [-1, 1]", "no accuracy: the samples have no classes");
        answer.Error.Trim().Should().StartWith("warning: fid: 40 samples and 40 reference images are too few").And.NotContain("\n");
        _lab.Exists("data/store/features").Should().BeTrue();
    }

    [Fact]
    public void As_json_every_number_has_its_identity()
    {
        using var json = JsonDocument.Parse(Evaluate("samples.npz", "reference.npz", "--json", "--no-cache").Out);

        var space = json.RootElement.GetProperty("spaces")[0];
        space.GetProperty("extractor").GetString().Should().HaveLength(64);
        space.GetProperty("network").GetString().Should().Be("embedded Fashion-MNIST network");
        space.GetProperty("warnings").EnumerateArray().Single().GetString().Should().Contain("which takes 193 images for 192 features");
        space.GetProperty("reference").GetProperty("origin").GetString().Should().Be("stated");
        var fid = space.GetProperty("metrics").EnumerateArray().Single(metric => metric.GetProperty("metric").GetString() == "fid");
        fid.GetProperty("value").GetDouble().Should().BePositive();
        fid.GetProperty("reference").GetString().Should().Be(space.GetProperty("reference").GetProperty("sha256").GetString());
        fid.GetProperty("definition").GetString().Should().NotBeEmpty();
        json.RootElement.GetProperty("samples").GetProperty("count").GetInt32().Should().Be(40);
        json.RootElement.GetProperty("versions").GetProperty("torchSharp").GetString().Should().NotBeEmpty();
        _lab.Exists("data/store/features").Should().BeFalse();
    }

    [Fact]
    public void Class_accuracy_requires_a_network_that_recognises_the_reference()
    {
        var known = Evaluate(Case("is-sorted.npz"), Case("is-shuffled.npz"), "--json");
        Values(known.Out)["accuracy"].Should().BeGreaterThan(0.5);

        // Ten classes whose names are the network's numbers, but no clothes.
        WriteImages("digits.npz", 3, labelled: true);
        var foreign = Evaluate("digits.npz", "digits.npz");
        foreign.Code.Should().Be(ExitCode.Ok, foreign.Error);
        foreign.Out.Should().MatchRegex("no accuracy: embedded Fashion-MNIST network assigns only .* % of the reference images to their class");
        Evaluate("digits.npz", "digits.npz", "--metrics", "accuracy,fid").Error.Should().Contain("warning: accuracy: embedded Fashion-MNIST network");
    }

    [Fact]
    public void The_default_inception_score_is_the_one_of_experiments()
    {
        using var json = JsonDocument.Parse(Evaluate("samples.npz", "reference.npz", "--json", "--metrics", "is").Out);

        json.RootElement.GetProperty("spaces")[0].GetProperty("metrics")[0].GetProperty("definition").GetString()
            .Should().Be("of all samples in one part");
        new InceptionScoreOptions().Splits.Should().Be(1);
    }

    [Fact]
    public void The_same_command_prints_the_same()
    {
        var first = Evaluate("samples.npz", "reference.npz", "--json").Out;
        Evaluate("samples.npz", "reference.npz", "--json").Out.Should().Be(first);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("32")]
    [InlineData("500")]
    public void The_batch_size_changes_results_only_by_rounding(string batch)
    {
        var usual = Values(Evaluate("samples.npz", "reference.npz", "--json", "--no-cache").Out);
        var other = Values(Evaluate("samples.npz", "reference.npz", "--json", "--no-cache", "--batch", batch).Out);

        other.Keys.Should().Equal(usual.Keys).And.Contain(["fid", "is", "kid.40", "precision", "coverage"]);
        // Features are float32, and batches of other sizes go through other kernels: about 1e-7 of a value, depending on the processor.
        foreach (var (name, value) in usual)
            other[name].Should().BeApproximately(value, 1e-5 * Math.Abs(value), name);
    }

    // The same 100 images, by class and in no order.
    [Theory]
    [InlineData()]
    [InlineData("--is-splits", "10")]
    public void The_inception_score_does_not_depend_on_the_order_of_images(params string[] options)
    {
        double Score(string name) => Values(Evaluate(Case(name), "reference.npz", ["--json", "--metrics", "is", .. options]).Out)["is"];

        // Class scores are float32, and kernels differ with the place of an image in its batch.
        var sorted = Score("is-sorted.npz");
        Score("is-shuffled.npz").Should().BeApproximately(sorted, 1e-5 * sorted).And.BeGreaterThan(2);
    }

    [Fact]
    public void The_distance_of_a_set_to_itself_is_zero_and_never_negative()
    {
        foreach (var name in new[] { Case("is-sorted.npz"), Case("is-shuffled.npz"), "samples.npz", "reference.npz" })
        {
            var values = Values(Evaluate(name, name, "--json", "--metrics", "fid").Out);
            values["fid"].Should().BeInRange(0, 1e-6, name);
        }
    }

    [Fact]
    public void Statistics_of_unstated_origin_are_marked()
    {
        Evaluate("reference.npz", "samples.npz", "--save-statistics", "statistics.npz").Code.Should().Be(ExitCode.Ok);

        var answer = Evaluate("samples.npz", "statistics.npz");
        answer.Code.Should().Be(ExitCode.Ok);
        answer.Out.Should().Contain("UNKNOWN ORIGIN");
        answer.Error.Should().Contain("statistics.npz does not name the network");
        Evaluate("samples.npz", "statistics.npz", "--json").Out.Should().Contain("\"origin\": \"unstated\"");
    }

    [Fact]
    public void Statistics_of_another_network_are_not_compared()
    {
        Evaluate("reference.npz", "samples.npz", "--save-statistics", "statistics.safetensors").Code.Should().Be(ExitCode.Ok);
        var path = _lab.At("statistics.safetensors");
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(path));
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(text.Replace("uint8, 28x28", "uint8, 32x32")));

        var answer = Evaluate("samples.npz", "statistics.safetensors");
        answer.Code.Should().Be(ExitCode.Incomparable);
        answer.Error.Should().ContainAll("preprocessing", "28x28", "32x32");
        answer.Out.Should().BeEmpty();
    }

    [Theory]
    [InlineData("--metrics fid,fod", "--metrics does not accept 'fod': use fid,")]
    [InlineData("--metrics accuracy", "accuracy cannot be computed")]
    [InlineData("--batch few", "--batch requires an integer of at least 0")]
    [InlineData("--std 1,0,1", "--std requires three numbers above 0")]
    [InlineData("--resizing lanczos", "--resizing does not accept 'lanczos'")]
    [InlineData("--layout adm", "--layout requires --save-statistics")]
    [InlineData("--save-statistics s.txt", "written as .safetensors, .npz or .pt")]
    [InlineData("--save-statistics s.npz --layout lab", "lab is not written to .npz files but to .safetensors")]
    [InlineData("--weights a --weights b", "more --weights than --features")]
    [InlineData("--device tpu", "unknown device 'tpu'")]
    public void A_wrong_command_line_computes_nothing(string options, string message)
    {
        var answer = Evaluate("samples.npz", "reference.npz", options.Split(' '));

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain(message);
        answer.Out.Should().BeEmpty();
    }

    [Fact]
    public void Classes_named_by_numbers_are_in_the_order_of_the_datasets_of_experiments()
    {
        using (var archive = new GZipStream(File.OpenRead(Case("classes.tar.gz")), CompressionMode.Decompress))
            TarFile.ExtractToDirectory(archive, _lab.Path, overwriteFiles: false);
        double ClassFid(string order)
        {
            var answer = Evaluate(Case($"classes-samples-{order}.safetensors"), "classes:test", "--metrics", "classFid", "--json", "--no-cache");
            answer.Code.Should().Be(ExitCode.Ok, answer.Error);
            answer.Error.Should().Contain("in ordinal order").And.Contain("0, 1, 10, 11, 2");
            return Values(answer.Out)["classFid"];
        }

        // Labels as the lab's dataset stage numbers these folders, and labels by the values of the names. Float32 features of other
        // processors differ in the sixth digit.
        ClassFid("ordinal").Should().BeApproximately(0.76, 0.01);
        ClassFid("numeric").Should().BeApproximately(4.796, 0.01);
    }

    [Fact]
    public void Entries_of_a_folder_that_are_not_images_are_reported()
    {
        var hidden = Evaluate(Case("hidden"), "reference.npz", "--metrics", "fid", "--json");
        hidden.Error.Should().Contain("passed over 1 name that begins with a dot");
        Passed(hidden).GetProperty("hidden").GetInt32().Should().Be(1);

        var mixed = Evaluate(Case("mixed-extensions"), "reference.npz", "--metrics", "fid", "--json");
        mixed.Error.Should().Contain("formats that are not read: 1 .tif");
        Passed(mixed).GetProperty("notRead").GetProperty(".tif").GetInt32().Should().Be(1);
        JsonDocument.Parse(mixed.Out).RootElement.GetProperty("samples").GetProperty("count").GetInt32().Should().Be(6);

        static JsonElement Passed(Answer answer) => JsonDocument.Parse(answer.Out).RootElement.GetProperty("samples").GetProperty("passedOver");
    }

    [Fact]
    public void Missing_files_exit_4()
    {
        var answer = Evaluate("samples.npz", "nowhere");
        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("nowhere");
        answer.Out.Should().BeEmpty();

        Evaluate("samples.npz", "reference.npz", "--features", "inception").Code.Should().Be(ExitCode.Environment);
    }

    public void Dispose() => _lab.Dispose();

    private static string Case(string name) => Path.Combine(Checkout.Root, "tests/Golden/cases", name);

    private Answer Evaluate(string samples, string reference, params string[] options) =>
        _lab.Run(["evaluate", "--samples", samples, "--reference", reference, "--draws", "0", .. options]);

    private static Dictionary<string, double> Values(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        return json.RootElement.GetProperty("spaces")[0].GetProperty("metrics").EnumerateArray().ToDictionary(
            metric => metric.GetProperty("metric").GetString()!, metric => metric.GetProperty("value").GetDouble());
    }

    // numpy's own form, so that no tensors are needed here: uint8 [40, 28, 28, 1].
    private void WriteImages(string name, int seed, bool labelled = false)
    {
        const int count = 40;
        var random = new Random(seed);
        using var archive = new ZipArchive(File.Create(_lab.At(name)), ZipArchiveMode.Create);
        if (labelled)
        {
            using var labels = archive.CreateEntry("arr_1.npy", CompressionLevel.NoCompression).Open();
            labels.Write(Header("<i8", $"{count},"));
            for (var i = 0; i < count; i++)
                labels.Write(BitConverter.GetBytes((long)i % 10));
        }

        using var array = archive.CreateEntry("arr_0.npy", CompressionLevel.NoCompression).Open();
        array.Write(Header("|u1", $"{count}, {Side}, {Side}, 1"));
        for (var i = 0; i < count; i++)
        {
            var (width, bright) = (random.Next(1, 9), random.Next(60, 255));
            for (var pixel = 0; pixel < Side * Side; pixel++)
                array.WriteByte((byte)(pixel % Side / width % 2 == 0 ? bright : random.Next(40)));
        }
    }

    private static byte[] Header(string type, string shape)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(header)];
    }
}
