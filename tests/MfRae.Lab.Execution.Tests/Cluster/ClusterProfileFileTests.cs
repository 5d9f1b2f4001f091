using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Cluster;

namespace MfRae.Lab.Execution.Tests.Cluster;

public sealed class ClusterProfileFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_kind_of_stage_has_the_defaults_with_its_differences()
    {
        var profile = Read("""{ "partition": "gpu", "time": "8:00:00", "cpus": 8, "gpus": 1, "memory": "32G", "stages": { "dataset": { "gpus": 0, "cpus": 2, "partition": "cpu" } } }""");

        profile.Of("meanflow").Should().Be(new JobResources("gpu", null, null, null, "8:00:00", 8, 1, "32G"));
        profile.Of("dataset").Should().Be(new JobResources("cpu", null, null, null, "8:00:00", 2, 0, "32G"));
    }

    [Theory]
    [InlineData("""{ "time": "soon" }""", "time: `soon` is not a time such as 8:00:00")]
    [InlineData("""{ "partition": "a b" }""", "partition: `a b` has characters")]
    [InlineData("""{ "memory": "much" }""", "memory: `much` is not an amount such as 32G")]
    [InlineData("""{ "cpus": 0 }""", "cpus: requires at least 1")]
    [InlineData("""{ "gpus": 2 }""", "gpus: requires 0 or 1")]
    [InlineData("""{ "stages": { "meanflux": {} } }""", "stages.meanflux: no stage has this kind; the kinds are dataset, features")]
    [InlineData("""{ "stages": { "meanflow": { "cpus": 0 } } }""", "stages.meanflow: cpus: requires at least 1")]
    [InlineData("""{ "prologue": ["a\nb"] }""", "prologue: requires one line in each string")]
    [InlineData("""{ "part": "gpu" }""", "cannot read the profile")]
    public void A_mistake_is_reported_with_its_file_and_option(string text, string message)
    {
        var read = () => Read(text);

        read.Should().Throw<LabException>().WithMessage($"*slurm.json: {message}*");
    }

    [Fact]
    public void A_missing_profile_is_reported_with_an_example()
    {
        var read = () => ClusterProfileFile.Read(_folder.File("slurm.json"));

        read.Should().Throw<LabException>().WithMessage("*slurm.json: not found. Write the resources of your cluster there*--profile*");
    }

    private ClusterProfile Read(string text)
    {
        File.WriteAllText(_folder.File("slurm.json"), text);
        return ClusterProfileFile.Read(_folder.File("slurm.json"));
    }
}
