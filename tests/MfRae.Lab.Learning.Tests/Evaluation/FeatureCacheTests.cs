using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>Features that were computed before are taken up, whatever happened in between.</summary>
[Scoped]
public sealed class FeatureCacheTests : IDisposable
{
    private const int Samples = 1100;

    private readonly EvaluationLab _lab = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public FeatureCacheTests()
    {
        _lab.Array("samples.npz", EvaluationLab.Images(1, Samples));
        _lab.Array("reference.npz", EvaluationLab.Images(2, 40));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _lab.Dispose();
    }

    [Fact]
    public void A_second_evaluation_computes_nothing()
    {
        var fid = Fid(0);
        Parts().Should().HaveCount(3 + 1);
        var written = Parts().ToDictionary(path => path, File.GetLastWriteTimeUtc);

        Fid(7).Should().Be(fid, "the number of images at a time is not in the key");
        Parts().ToDictionary(path => path, File.GetLastWriteTimeUtc).Should().Equal(written);
        Extracted().Should().BeEmpty();
    }

    [Fact]
    public void One_that_was_stopped_goes_on_behind_its_last_part()
    {
        using var stop = new CancellationTokenSource();
        _lab.OnStep = (what, done) =>
        {
            if (what.EndsWith("of samples", StringComparison.Ordinal) && done > FeatureCache.PartSize)
                stop.Cancel();
        };
        FluentActions.Invoking(() => _lab.Run(_lab.Request("samples.npz", "reference.npz") with { Batch = 50 }, stop.Token))
            .Should().Throw<OperationCanceledException>();
        _lab.OnStep = null;
        Parts().Should().HaveCount(1 + 1);

        var resumed = Fid(50);

        Extracted().Should().OnlyContain(done => done >= FeatureCache.PartSize).And.NotBeEmpty();
        resumed.Should().Be(_lab.Run(Request(50) with { Cache = null }).Spaces[0].Metrics[0].Value);
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("cut")]
    [InlineData("foreign")]
    public void A_damaged_part_is_set_aside_and_computed_again(string damage)
    {
        var fid = Fid(0);
        var path = Parts().Order(StringComparer.Ordinal).First(part => Path.GetFileName(part) == "000001.safetensors");
        var bytes = File.ReadAllBytes(path);
        if (damage == "flipped")
            bytes[^3] ^= 1;
        File.WriteAllBytes(path, damage switch { "cut" => bytes[..^40], "foreign" => "something else"u8.ToArray(), _ => bytes });

        Fid(0).Should().Be(fid);
        _lab.Lines.Should().ContainSingle().Which.Should().ContainAll("000001.safetensors", "renamed to", "computed again");
        Directory.EnumerateFiles(_lab.At("cache"), "*.bad", SearchOption.AllDirectories).Should().ContainSingle();
        Extracted().Should().OnlyContain(done => done >= FeatureCache.PartSize && done < 2 * FeatureCache.PartSize);
    }

    // Hashes of images are part of a part; those of older versions have none.
    [Fact]
    public void Parts_without_hashes_of_images_serve_all_the_same()
    {
        var request = Request(0) with { Metrics = ["is"], InceptionScoreSplits = 4 };
        var score = _lab.Run(request).Spaces[0].Metrics[0].Value;
        foreach (var path in Parts())
        {
            var file = Safetensors.Read(path);
            var kept = file.Tensors.Keys.Where(name => name != "content").Select(name => (name, file[name])).ToList();
            kept.Should().HaveCount(2);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var (name, value) in kept.OrderBy(tensor => tensor.name, StringComparer.Ordinal))
            {
                hash.AppendData(Encoding.UTF8.GetBytes(name));
                hash.AppendData(MemoryMarshal.AsBytes(value.data<float>().ToArray().AsSpan()));
            }

            Safetensors.Write(path + ".old", kept, new Dictionary<string, string> { ["sha256"] = Convert.ToHexStringLower(hash.GetHashAndReset()) });
            File.Move(path + ".old", path, overwrite: true);
        }

        _lab.Steps.Clear();
        _lab.Run(request).Spaces[0].Metrics[0].Value.Should().Be(score);
        Extracted().Should().BeEmpty();
        _lab.Lines.Should().BeEmpty();
    }

    [Fact]
    public void Other_images_have_other_parts()
    {
        Fid(0);
        _lab.Array("samples.npz", EvaluationLab.Images(3, Samples));

        Fid(0);
        Parts().Should().HaveCount(3 + 3 + 1);
    }

    private EvaluationRequest Request(int batch) => _lab.Request("samples.npz", "reference.npz") with { Batch = batch, Metrics = ["fid"] };

    private double Fid(int batch)
    {
        _lab.Steps.Clear();
        return _lab.Run(Request(batch)).Spaces[0].Metrics[0].Value;
    }

    private string[] Parts() => Directory.GetFiles(_lab.At("cache"), "*.safetensors", SearchOption.AllDirectories);

    // Progress within a part means that the part is computed: cached parts report progress only at their ends.
    private List<long> Extracted() => [.. _lab.Steps
        .Where(step => step.What.EndsWith("of samples", StringComparison.Ordinal))
        .GroupBy(step => Math.Max(0, step.Done - 1) / FeatureCache.PartSize)
        .Where(part => part.Count() > 1)
        .SelectMany(part => part)
        .Select(step => step.Done)
        .Where(done => done % FeatureCache.PartSize != 0 && done != Samples)];
}
