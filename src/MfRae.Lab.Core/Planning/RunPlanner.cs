using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Planning;

/// <summary>Plans one arm under one seed.</summary>
internal sealed class RunPlanner(PlanGraph graph, EvaluationOptions evaluation, LabOptions options, long seed)
{
    /// <summary>The seed of feature networks and probes: all runs, whatever their seed, are evaluated in the same way.</summary>
    private const long EvaluationSeed = 0;

    private readonly Dictionary<string, string> _roles = [];

    private readonly RunShape _shape = new(evaluation, options);

    private bool NoiseIsFixed => options.Sampling.Noise != SamplingOptions.NoiseOfRun;

    private bool NoiseIsFromFile => options.Sampling.Noise == SamplingOptions.NoiseOfFile;

    /// <summary>The seed of noise in the definition of a stage; null if the noise follows the seed of the run.</summary>
    private int? FixedSeed => NoiseIsFromFile ? 0 : NoiseIsFixed ? options.Sampling.Seed : null;

    /// <summary>The seed of a stage that draws noise.</summary>
    private long? NoiseSeed => NoiseIsFixed ? null : seed;

    private string? NoiseFile => NoiseIsFromFile ? options.Sampling.NoiseFile : null;

    private string Labels => NoiseIsFromFile ? SamplingStage.LabelsOfFile : options.Sampling.Labels;

    /// <summary>How pixels become bytes; null for the default, which is not part of keys.</summary>
    private string? Bytes => options.Sampling.Bytes == SamplingOptions.RoundedBytes ? null : options.Sampling.Bytes;

    /// <summary>Role → stage key.</summary>
    public IReadOnlyDictionary<string, string> Build()
    {
        if (options.Dataset is OracleDatasetOptions)
        {
            PlanOracle();
            return _roles;
        }

        Add(StageInput.Dataset, new DatasetStage(options.Dataset), null);
        if (_shape.IsSampled)
        {
            PlanFeatures();
        }

        PlanEncoder();
        if (_shape.IsSampled)
        {
            PlanDecoder();
        }

        if (options.Sampling.External is { } external)
        {
            PlanExternalSamples(external);
        }
        else if (_shape.HasTeacher || _shape.HasCmt || _shape.HasMeanFlow)
        {
            PlanGenerators();
        }

        return _roles;
    }

    /// <summary>An oracle needs no images and no feature network: its latents are drawn from a known distribution.</summary>
    private void PlanOracle()
    {
        Add(StageInput.Dataset, new DatasetStage(options.Dataset), null);
        AddTeacher(StageInput.Dataset);
        AddStudents(StageInput.Dataset);
        var inputs = new Dictionary<string, string>
        {
            [StageInput.Dataset] = _roles[StageInput.Dataset],
            [StageInput.Generator] = _roles["meanflow"],
        };
        if (_shape.HasTeacher)
        {
            inputs[StageInput.Teacher] = _roles[StageInput.Teacher];
        }

        var from = SamplingDefaults.Resolve(options.Sampling);
        var metric = evaluation.Metrics.OfType<OracleMetricOptions>().Single();
        for (int set = 1; set <= from.NoiseSets; set++)
        {
            var definition = new OracleEvaluationStage(metric, options.MeanFlow, from.Samples, from.Steps!, FixedSeed, from.BatchSize, set);
            _roles[NoiseSets.Role("evaluation", set)] = graph.Add(definition, NoiseSeed, inputs);
        }
    }

    private void PlanFeatures()
    {
        if (evaluation.Features is InceptionOptions)
        {
            Add(StageInput.Features, new FeatureStage(evaluation.Features), EvaluationSeed, StageInput.Dataset);
        }
        else
        {
            Add(StageInput.Features, new FeatureStage(evaluation.Features), null);
        }

        foreach (string split in evaluation.References)
        {
            AddReference(split);
        }

        if (evaluation.Ladder && evaluation.References.Count > 0)
        {
            string split = evaluation.References[0];
            Add("ladder", new LadderStage(split), null, StageInput.Dataset, StageInput.Features, StageInput.Reference(split));
        }

        if (_shape.HasSecondFeatures)
        {
            PlanSecondFeatures();
        }
    }

    /// <summary>The second feature network uses only the primary reference.</summary>
    private void PlanSecondFeatures()
    {
        Add(StageInput.SecondFeatures, new FeatureStage(evaluation.SecondFeatures!), null);
        string split = evaluation.References[0];
        _roles[StageInput.SecondReference(split)] = graph.Add(new ReferenceStage(split), null, new Dictionary<string, string>
        {
            [StageInput.Dataset] = _roles[StageInput.Dataset],
            [StageInput.Features] = _roles[StageInput.SecondFeatures],
        });
    }

    private void PlanEncoder()
    {
        switch (options.Encoder)
        {
            case ITrained:
                Add(StageInput.Encoder, new EncoderStage(options.Encoder), seed, StageInput.Dataset);
                break;
            case AutoencoderKlEncoderOptions or PixelEncoderOptions:
                // The shape of their latents follows from the shape of the images.
                Add(StageInput.Encoder, new EncoderStage(options.Encoder), null, StageInput.Dataset);
                break;
            default:
                Add(StageInput.Encoder, new EncoderStage(options.Encoder), null);
                break;
        }
    }

    private void PlanDecoder()
    {
        if (evaluation.Probes)
        {
            Add("probe", new ProbeStage(), EvaluationSeed, StageInput.Dataset, StageInput.Encoder);
        }

        if (options.Decoder is RaeDecoderOptions)
        {
            Add(StageInput.Decoder, new DecoderStage(options.Decoder), seed, StageInput.Dataset, StageInput.Encoder);
        }
        else if (_shape.HasDecoder)
        {
            Add(StageInput.Decoder, new DecoderStage(options.Decoder), null, StageInput.Encoder);
        }

        if (evaluation.Reconstruction && _shape.HasDecoder)
        {
            AddReference("test");
            var metrics = _shape.MetricsOfImages;
            string[] train = metrics.Any(metric => Requires(metric, MetricNeeds.TrainingReference)) ? [StageInput.Reference("train")] : [];
            Add(
                "reconstruction",
                new ReconstructionStage(metrics, evaluation.BootstrapDraws),
                null,
                [
                    StageInput.Dataset, StageInput.Encoder, StageInput.Decoder, StageInput.Features, StageInput.Reference("test"), .. train,
                ]);
        }
    }

    private void PlanGenerators()
    {
        Add(StageInput.Latents, new LatentStage(options.Latents), null, StageInput.Dataset, StageInput.Encoder);
        AddTeacher(_shape.Data);
        if (_shape.HasTeacher && _shape.IsSampled)
        {
            PlanTeacherSamples();
        }

        AddStudents(_shape.Data);
        string generator = _shape.HasMeanFlow ? "meanflow" : StageInput.Cmt;
        if (options.Study is DerivativeErrorOptions study)
        {
            AddStudy(study, generator);
        }
        else if (_shape.HasMeanFlow || _shape.HasCmt)
        {
            for (int set = 1; set <= options.Sampling.NoiseSets; set++)
            {
                PlanSamples(generator, set);
            }

            AddSnapshots();
            AddSheets();
        }
    }

    /// <summary>
    /// The samples by which the teacher is evaluated. Their noise is the same for all seeds, because a teacher that all runs share is
    /// evaluated once.
    /// </summary>
    private void PlanTeacherSamples()
    {
        var sampling = SamplingDefaults.Resolve(options.Sampling);
        AddSampling("teacherSampling", StageInput.Teacher, null, Sampling(sampling.TeacherSteps!, 1) with
        {
            Seed = NoiseIsFromFile ? FixedSeed : sampling.Seed,
            KeptLatents = 0,
            Solver = sampling.TeacherSolver,
            GridEnd = sampling.TeacherGridEnd,
            Guidance = sampling.Guidance,
        });
        AddEvaluation("teacherEvaluation", "teacherSampling", WithoutEndPoints);
    }

    private IReadOnlyList<MetricOptions> WithoutEndPoints => [.. evaluation.Metrics.Where(metric => !Requires(metric, MetricNeeds.EndPoints))];

    /// <summary>One set of samples of the few-step generator, and its evaluation.</summary>
    /// <param name="set">The number of the set, from 1.</param>
    private void PlanSamples(string generator, int set)
    {
        var sampling = SamplingDefaults.Resolve(options.Sampling);
        string samples = NoiseSets.Role("sampling", set), endPoints = NoiseSets.Role(StageInput.EndPoints, set);
        AddSampling(samples, generator, NoiseSeed, Sampling(sampling.Steps!, set) with
        {
            Grid = sampling.Grid is ShiftedGridOptions ? null : sampling.Grid,
        });
        if (_shape.HasTeacher && evaluation.Metrics.Any(metric => Requires(metric, MetricNeeds.EndPoints)))
        {
            var definition = new EndPointStage(
                Math.Min(sampling.KeptLatents, sampling.Samples), sampling.TeacherSteps![^1], FixedSeed, sampling.BatchSize, Labels,
                sampling.TeacherSolver, sampling.TeacherGridEnd, sampling.Guidance, set,
                Labels == SamplingOptions.PermutedLabels ? sampling.Samples : null, NoiseFile);
            _roles[endPoints] = graph.Add(
                definition, NoiseSeed, new Dictionary<string, string> { [StageInput.Generator] = _roles[StageInput.Teacher] });
        }

        AddEvaluation(NoiseSets.Role("evaluation", set), samples, evaluation.Metrics, endPoints);
    }

    /// <summary>The samples of another program, and their evaluation. They have no latents to compare with a teacher's.</summary>
    private void PlanExternalSamples(ExternalSamplesOptions external)
    {
        var sampling = SamplingDefaults.Resolve(options.Sampling);
        string[] inputs = external is CommandSamplesOptions ? [StageInput.Dataset, StageInput.Encoder] : [StageInput.Dataset];
        var definition = new ExternalSamplingStage(
            external.Of(seed), sampling.Samples, sampling.Steps!, FixedSeed, sampling.BatchSize, Labels, NoiseFile);
        Add("sampling", definition, seed, inputs);
        AddSheets();
        AddEvaluation("evaluation", "sampling", WithoutEndPoints);
    }

    /// <param name="data">The inputs with the training data.</param>
    private void AddTeacher(params string[] data)
    {
        if (_shape.HasTeacher)
        {
            Add(StageInput.Teacher, new TeacherStage(options.Teacher), options.Teacher is FlowMatchingOptions ? seed : null, data);
        }
    }

    /// <summary>The networks that learn the mean flow.</summary>
    private void AddStudents(params string[] data)
    {
        if (_shape.HasCmt)
        {
            AddStudent(StageInput.Cmt, new CmtStage(options.Cmt), data, StageInput.Teacher);
        }

        if (_shape.HasMeanFlow)
        {
            string[] starts = [.. ((string[])[StageInput.Teacher, StageInput.Cmt]).Where(_roles.ContainsKey)];
            string[] watched = options.MeanFlow is IMeanFlowTraining { Watch: not null }
                ? [StageInput.Decoder, StageInput.Features, StageInput.Reference(evaluation.References[0])]
                : [];
            AddStudent("meanflow", new MeanFlowStage(options.MeanFlow), [.. data, .. watched], starts);
        }
    }

    /// <summary>A network from a file has neither a seed nor networks as inputs, so all runs share it.</summary>
    private void AddStudent(string role, StageDefinition definition, string[] data, params string[] networks) =>
        Add(role, definition, definition.Trains() ? seed : null, definition.Trains() ? [.. data, .. networks] : data);

    private void AddReference(string split)
    {
        if (split == ReferenceStatisticsOptions.Reference)
        {
            Add(StageInput.Reference(split), new StatisticsStage(evaluation.Statistics!), null, StageInput.Features);
        }
        else
        {
            Add(StageInput.Reference(split), new ReferenceStage(split), null, StageInput.Dataset, StageInput.Features);
        }
    }

    private void AddStudy(DerivativeErrorOptions study, string generator)
    {
        var inputs = _shape.Data.ToDictionary(name => name, name => _roles[name]);
        inputs[StageInput.Generator] = _roles[generator];
        if (_shape.HasTeacher)
        {
            inputs[StageInput.Teacher] = _roles[StageInput.Teacher];
        }

        _roles[DerivativeErrorNames.Error] = graph.Add(new DerivativeErrorStage(study), seed, inputs);
    }

    private SamplingStage Sampling(IReadOnlyList<int> steps, int set)
    {
        var from = options.Sampling;
        return new(
            from.Samples, steps, FixedSeed, from.BatchSize, from.KeptLatents, Labels, NoiseSet: set, Bytes: Bytes, NoiseFile: NoiseFile);
    }

    private void AddSampling(string role, string generator, long? stageSeed, SamplingStage definition) =>
        _roles[role] = graph.Add(definition, stageSeed, new Dictionary<string, string>
        {
            [StageInput.Generator] = _roles[generator],
            [StageInput.Decoder] = _roles[StageInput.Decoder],
            [StageInput.Latents] = _roles[StageInput.Latents],
        });

    /// <summary>Samples of the intermediate weights of the MeanFlow network, if it keeps them.</summary>
    private void AddSnapshots()
    {
        if (options.MeanFlow is IMeanFlowTraining { Snapshots: > 0 } meanFlow)
        {
            string? reference = evaluation.References.Count > 0 ? evaluation.References[0] : null;
            string[] features = reference is null ? [] : [StageInput.Features, StageInput.Reference(reference)];
            var inputs = features.Concat([StageInput.Decoder, StageInput.Latents]).ToDictionary(name => name, name => _roles[name]);
            inputs[StageInput.Generator] = _roles["meanflow"];
            var (from, kept) = (options.Sampling, meanFlow.Snapshots);
            // A permutation of other numbers of samples would be another permutation.
            string labels = Labels == SamplingOptions.PermutedLabels ? SamplingOptions.BalancedLabels : Labels;
            // A file may have no more noise than the samples need.
            int samples = NoiseIsFromFile ? Math.Min(evaluation.SnapshotSamples, from.Samples) : evaluation.SnapshotSamples;
            _roles["snapshots"] = graph.Add(new SnapshotStage(
                meanFlow.Training.Steps, kept, samples, FixedSeed, from.BatchSize, labels, reference, Bytes, NoiseFile),
                NoiseSeed, inputs);
        }
    }

    /// <summary>Sheets of chosen classes, from the first set of samples.</summary>
    private void AddSheets()
    {
        if (options.Sampling.Sheets is { Count: > 0 } sheets)
        {
            _roles["sheets"] = graph.Add(
                new SheetStage(sheets), null, new Dictionary<string, string> { [StageInput.Samples] = _roles["sampling"] });
        }
    }

    /// <param name="endPoints">The role of the ends of the teacher's ODE, for metrics that need them.</param>
    private void AddEvaluation(string role, string samples, IReadOnlyList<MetricOptions> metrics, string endPoints = "")
    {
        var inputs = new Dictionary<string, string>
        {
            [StageInput.Samples] = _roles[samples],
            [StageInput.Features] = _roles[StageInput.Features],
        };
        foreach (string split in evaluation.References)
        {
            inputs[StageInput.Reference(split)] = _roles[StageInput.Reference(split)];
        }

        if (metrics.Any(metric => Requires(metric, MetricNeeds.EndPoints)))
        {
            inputs[StageInput.EndPoints] = _roles[endPoints];
        }

        if (metrics.Any(metric => Requires(metric, MetricNeeds.TrainingImages)))
        {
            inputs[StageInput.Dataset] = _roles[StageInput.Dataset];
        }

        if (_shape.HasSecondFeatures)
        {
            string second = StageInput.SecondReference(evaluation.References[0]);
            inputs[StageInput.SecondFeatures] = _roles[StageInput.SecondFeatures];
            inputs[second] = _roles[second];
        }

        _roles[role] = graph.Add(new EvaluationStage(metrics, evaluation.References, evaluation.BootstrapDraws), null, inputs);
    }

    private static bool Requires(MetricOptions metric, MetricNeeds needs) => MetricCatalogue.Of(metric).Requires(needs);

    /// <summary>Adds a stage whose inputs have the names of their roles.</summary>
    private void Add(string role, StageDefinition definition, long? stageSeed, params string[] inputs) =>
        _roles[role] = graph.Add(definition, stageSeed, inputs.ToDictionary(name => name, name => _roles[name]));
}

/// <summary>The stages that the options of an arm select.</summary>
internal sealed class RunShape(EvaluationOptions evaluation, LabOptions options)
{
    /// <summary>Whether samples are drawn; a study examines the generator itself, without decoding or feature networks.</summary>
    public bool IsSampled => options.Study is null;

    public bool HasDecoder => options.Decoder is not NoDecoderOptions;

    public bool HasSecondFeatures => evaluation.SecondFeatures is not (null or NoFeatureOptions) && evaluation.References.Count > 0;

    public bool HasTeacher => options.Teacher is not NoTeacherOptions;

    public bool HasMeanFlow => options.MeanFlow is not NoMeanFlowOptions;

    /// <summary>Whether a CMT network is trained: it is the generator, or MeanFlow starts from it.</summary>
    public bool HasCmt => options.Cmt is not NoCmtOptions
        && options.MeanFlow is NoMeanFlowOptions or IMeanFlowTraining { Initialisation: "cmt" };

    /// <summary>The inputs with training latents: the latents stage, and the images and encoder if latents are not kept.</summary>
    public string[] Data => options.Latents.EncodesWhenDrawn()
        ? [StageInput.Latents, StageInput.Dataset, StageInput.Encoder]
        : [StageInput.Latents];

    /// <summary>The metrics that reconstructions of the test set are measured by.</summary>
    public IReadOnlyList<MetricOptions> MetricsOfImages =>
        [.. evaluation.Metrics.Where(metric => MetricCatalogue.Of(metric).MeasuresReconstructions)];
}
