using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

[Scoped]
public sealed class DiskLatentsTests(TinyLab lab) : IClassFixture<TinyLab>, IDisposable
{
    private const long Count = 25;
    private const long Batch = 4;
    private static readonly LatentShape Shape = new(2, 1, 3);

    private readonly TemporaryFolder _folder = new();
    private readonly LabeledImages _images = new(arange(Count * 6, dtype: int64).to(ScalarType.Byte).view(Count, 1, 2, 3), arange(Count, dtype: int64));
    private readonly List<long> _encoded = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Training_has_the_same_bits_as_with_latents_in_memory()
    {
        lab.Run("disk", new LatentStage(new PerElementLatentOptions(Cache: "disk")), "dataset", "encoder");
        Bytes("disk/statistics.safetensors").Should().Equal(Bytes("latents/statistics.safetensors"));

        var teacher = new TeacherStage(lab.Options(new SamplingOptions()).Teacher);
        lab.Run("teacher from disk", teacher, [("latents", "disk")]);
        Bytes($"teacher from disk/{NetworkFiles.Generator}").Should().Equal(Bytes($"teacher/{NetworkFiles.Generator}"));
        lab.LeftTensors["teacher from disk"].Should().Be(lab.LeftTensors["teacher"]);
    }

    [Fact]
    public void Shards_hold_the_latents_of_all_images_in_order()
    {
        var shards = LatentShards.Plan(Shape, Count, mostRows: 7);
        shards.Write(Context(), _images, Batch, Encode, long.MaxValue);

        shards.Shards.Select(shard => shard.Rows).Should().Equal(7, 7, 7, 4);
        var files = shards.Shards.Select(shard => Safetensors.Read(_folder.File(shard.File))).ToList();
        Equal(cat([.. files.Select(file => file["latents"])]), Values()).Should().BeTrue();
        cat([.. files.Select(file => file["labels"])]).data<long>().ToArray().Should().Equal(_images.Labels.data<long>().ToArray());
        Equal(cat([.. LatentShards.Load(_folder.Root).Blocks(_folder.Root).Select(block => block.clone().DetachFromDisposeScope())]), Values())
            .Should().BeTrue();
    }

    [Fact]
    public void An_interrupted_stage_keeps_its_shards_and_encodes_the_rest_in_the_same_batches()
    {
        var shards = LatentShards.Plan(Shape, Count, mostRows: 7);
        FluentActions.Invoking(() => shards.Write(Context(), _images, Batch, bytes => _encoded.Count < 5 ? Encode(bytes) : throw new IOException(), long.MaxValue))
            .Should().Throw<IOException>();
        LatentShards.Exist(_folder.Root).Should().BeFalse();
        File.Exists(_folder.File(shards.Shards[1].File)).Should().BeTrue("twenty images were encoded");
        _encoded.Clear();

        shards.Write(Context(), _images, Batch, Encode, long.MaxValue);

        _encoded.Should().Equal([12, 16, 20, 24], "fourteen images were in shards");
        Equal(cat([.. LatentShards.Load(_folder.Root).Blocks(_folder.Root).Select(block => block.clone().DetachFromDisposeScope())]), Values())
            .Should().BeTrue();
    }

    [Fact]
    public void A_disk_without_space_is_reported_before_the_first_image_is_encoded()
    {
        var shards = LatentShards.Plan(Shape, 1_000_000, mostRows: 4096);

        FluentActions.Invoking(() => shards.Write(Context(), Many(), Batch, Encode, 20_000_000))
            .Should().Throw<LabException>().WithMessage("*the latents of 1000000 images need 0.0 GB, and the disk has 0.0 GB free*--store*");
        _encoded.Should().BeEmpty();
    }

    [Fact]
    public void Shards_of_large_latents_stay_below_a_gigabyte()
    {
        LatentShards.Plan(new(96, 4, 4), 60_000).Shards[0].Rows.Should().Be(4096);
        LatentShards.Plan(new(768, 16, 16), 1_281_167).Shards[0].Rows.Should().Be(1024);
    }

    private static bool Equal(Tensor a, Tensor b) => a.shape.SequenceEqual(b.shape) && (a == b).all().item<bool>();

    private Tensor Encode(Tensor bytes)
    {
        _encoded.Add(bytes[0, 0, 0, 0].item<byte>() / 6);
        return bytes.to(float32).view(-1, 2, 1, 3);
    }

    private Tensor Values() => _images.Images.to(float32).view(-1, 2, 1, 3);

    private StageContext Context() => new TestStage(_folder.Root).Context();

    private LabeledImages Many() => new(zeros(1, dtype: ScalarType.Byte).expand(1_000_000, 1, 2, 3), zeros(1, dtype: int64).expand(1_000_000));

    private byte[] Bytes(string file) => File.ReadAllBytes(lab.At(file));
}
