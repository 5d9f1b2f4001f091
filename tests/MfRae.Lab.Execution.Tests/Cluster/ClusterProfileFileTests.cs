using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
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

    [Fact]
    public void Only_stages_that_can_be_divided_have_ranks()
    {
        var profile = Read("""{ "ranks": 4, "rankLauncher": "srun", "stages": { "decoder": { "ranks": 2 } } }""");

        profile.RankLauncher.Should().Be("srun");
        profile.Of(Stage("decoder", new DecoderStage(new RaeDecoderOptions(new(), new(1, 1))))).Ranks.Should().Be(2);
        profile.Of(Stage("decoder", new DecoderStage(new PixelDecoderOptions()))).Ranks.Should().Be(1);
        profile.Of(Stage("probe", new ProbeStage())).Ranks.Should().Be(1);
    }

    [Fact]
    public void The_script_of_a_job_with_ranks_asks_for_one_task_for_each()
    {
        var one = Script("""{ "gpus": 1 }""");
        one.Should().Contain("#SBATCH --nodes=1\n").And.Contain("#SBATCH --ntasks=1\n").And.Contain("#SBATCH --gres=gpu:1\n");

        var four = Script("""{ "gpus": 1, "ranks": 4 }""");
        four.Should().NotContain("nodes=").And.Contain("#SBATCH --ntasks=4\n").And.Contain("#SBATCH --gpus-per-task=1\n");
    }

    [Theory]
    [InlineData("""{ "time": "soon" }""", "time: `soon` is not a time such as 8:00:00")]
    [InlineData("""{ "partition": "a b" }""", "partition: `a b` has characters")]
    [InlineData("""{ "memory": "much" }""", "memory: `much` is not an amount such as 32G")]
    [InlineData("""{ "cpus": 0 }""", "cpus: requires at least 1")]
    [InlineData("""{ "gpus": 2 }""", "gpus: requires 0 or 1")]
    [InlineData("""{ "ranks": 0 }""", "ranks: requires at least 1")]
    [InlineData("""{ "rankLauncher": "ssh" }""", "rankLauncher: `ssh` is neither mpirun nor srun")]
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

    [Fact]
    public void Paths_of_a_script_survive_the_parser_of_its_options()
    {
        var lines = BatchScript.Of("x/1-0", "/my #1 50%/store/.jobs/x/1-0", Planned("{}"), "/my work", [], ["/my lab"]).Split('\n');

        // In an option, # would begin a comment, a space end the value, and %/ be replaced.
        lines.Should().Contain("#SBATCH --output=\"/my #1 50%%/store/.jobs/x/1-0_%a.log\"").And.Contain("#SBATCH --chdir=\"/my work\"")
            .And.Contain("exec '/my lab' job '/my #1 50%/store/.jobs/x/1-0.json' \"$SLURM_ARRAY_TASK_ID\"");
    }

    [Fact]
    public void A_path_that_no_option_can_hold_is_refused()
    {
        var script = () => BatchScript.Of("x/1-0", "/my \"store\"/.jobs/x/1-0", Planned("{}"), "/work", [], ["lab"]);

        script.Should().Throw<LabException>().WithMessage("/my \"store\"*cannot contain quotation marks*");
    }

    private static StageNode Stage(string kind, StageDefinition definition) => new("key", kind, kind, definition, 0, new Dictionary<string, string>());

    private string Script(string profile) => BatchScript.Of("x/1-0", "/store/.jobs/x/1-0", Planned(profile), "/work", [], ["lab"]);

    private PlannedArray Planned(string profile) => new(Read(profile).Of("meanflow"), [], []);

    private ClusterProfile Read(string text)
    {
        File.WriteAllText(_folder.File("slurm.json"), text);
        return ClusterProfileFile.Read(_folder.File("slurm.json"));
    }
}
