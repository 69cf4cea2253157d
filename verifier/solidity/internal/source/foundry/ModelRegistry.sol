// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IVerifier} from "./IVerifier.sol";

/// @title Example of a registry of models and of what they are proven to have answered
/// @notice A model has an owner, who adds the verifiers of its keys, one for each version of
/// its weights, and revokes them. Anyone records proven inferences: the events are an audit
/// trail, in which every answer names the version that gave it, and none occurs twice.
/// @dev The registry pins a verifier's code when it is added. Whether that code is the
/// verifier of the key it names is for whoever reads the registry to find out, from
/// the source that `nnark export` writes for the key: the owner's word is all there is here.
contract ModelRegistry {
    error NotOwner(address owner);
    error NameTaken(bytes32 model);
    error UnknownModel(bytes32 model);
    error UnknownVersion(bytes32 model, uint256 version);
    error NoVersion(bytes32 model);
    error NoCode(address verifier);
    error UnsafeSetup();
    error IsRevoked(bytes32 model, uint256 version);
    error CodeChanged(address verifier);
    error NotProven();
    error Recorded(bytes32 model, uint256 version, uint256 context);

    event ModelRegistered(bytes32 indexed model, address indexed owner, string name);
    event OwnerProposed(bytes32 indexed model, address indexed owner);
    event OwnerChanged(bytes32 indexed model, address indexed owner);
    event VersionAdded(
        bytes32 indexed model, uint256 indexed version, address verifier, bytes32 codeHash, bytes32 keyDigest, string note
    );
    event VersionRevoked(bytes32 indexed model, uint256 indexed version, string reason);
    /// @param inputHash Keccak-256 of the statement's input elements.
    /// @param outputs The integers of each output, q for q * 2^-exp; none of a digest.
    event Inference(
        bytes32 indexed model,
        uint256 indexed version,
        uint256 indexed context,
        address recorder,
        bytes32 inputHash,
        int64[][] outputs,
        uint256[] elements
    );

    struct Model {
        address owner;
        address proposed; // becomes the owner when it accepts
    }

    struct Version {
        IVerifier verifier;
        uint64 added;
        bool revoked;
        bytes32 codeHash;
        bytes32 keyDigest;
    }

    mapping(bytes32 model => Model) public models;
    mapping(bytes32 model => Version[]) public versions;
    /// @notice Contexts that were recorded for a version.
    mapping(bytes32 model => mapping(uint256 version => mapping(uint256 context => bool))) public recorded;

    modifier onlyOwner(bytes32 model) {
        address owner = models[model].owner;
        if (owner == address(0)) revert UnknownModel(model);
        if (owner != msg.sender) revert NotOwner(owner);
        _;
    }

    /// @notice Registers a model under a name that is the caller's own.
    /// @return model Keccak-256 of the caller and the name.
    function register(string calldata name) external returns (bytes32 model) {
        model = keccak256(abi.encode(msg.sender, name));
        if (models[model].owner != address(0)) revert NameTaken(model);
        models[model].owner = msg.sender;
        emit ModelRegistered(model, msg.sender, name);
    }

    /// @notice Proposes another owner, who has to accept.
    function proposeOwner(bytes32 model, address owner) external onlyOwner(model) {
        models[model].proposed = owner;
        emit OwnerProposed(model, owner);
    }

    function acceptOwner(bytes32 model) external {
        if (models[model].owner == address(0)) revert UnknownModel(model);
        if (models[model].proposed != msg.sender) revert NotOwner(models[model].owner);
        models[model] = Model(msg.sender, address(0));
        emit OwnerChanged(model, msg.sender);
    }

    /// @notice Adds the verifier of a key for the model.
    /// @return version Its number, from 0.
    function addVersion(bytes32 model, IVerifier verifier, string calldata note)
        external
        onlyOwner(model)
        returns (uint256 version)
    {
        if (address(verifier).code.length == 0) revert NoCode(address(verifier));
        _checkSetup(verifier);
        version = versions[model].length;
        bytes32 codeHash = address(verifier).codehash;
        bytes32 keyDigest = verifier.KEY_DIGEST();
        versions[model].push(Version(verifier, uint64(block.timestamp), false, codeHash, keyDigest));
        emit VersionAdded(model, version, address(verifier), codeHash, keyDigest, note);
    }

    /// @notice Revokes a version: what it is proven to answer is not recorded any more. What was
    /// stays.
    function revoke(bytes32 model, uint256 version, string calldata reason) external onlyOwner(model) {
        _usable(model, version).revoked = true;
        emit VersionRevoked(model, version, reason);
    }

    /// @notice The newest version that is not revoked.
    function current(bytes32 model) external view returns (uint256 version, IVerifier verifier, bytes32 keyDigest) {
        for (uint256 i = versions[model].length; i > 0; --i) {
            Version storage v = versions[model][i - 1];
            if (!v.revoked) return (i - 1, v.verifier, v.keyDigest);
        }
        revert NoVersion(model);
    }

    /// @notice Records a proven inference, once for each context.
    function record(bytes32 model, uint256 version, uint256[12] calldata proof, uint256[] calldata statement) external {
        Version storage v = _usable(model, version);
        IVerifier verifier = v.verifier;
        if (address(verifier).codehash != v.codeHash) revert CodeChanged(address(verifier));
        if (!verifier.verify(proof, statement)) revert NotProven(); // so statement has the model's length
        uint256 context = statement[0];
        if (recorded[model][version][context]) revert Recorded(model, version, context);
        recorded[model][version][context] = true;
        uint256 inputs = 1 + verifier.INPUT_ELEMENTS();
        bytes32 inputHash = keccak256(abi.encodePacked(statement[1:inputs]));
        uint256[] calldata elements = statement[inputs:];
        emit Inference(model, version, context, msg.sender, inputHash, verifier.decodeOutputs(elements), elements);
    }

    /// @notice How many versions a model has.
    function versionCount(bytes32 model) external view returns (uint256) {
        return versions[model].length;
    }

    function _usable(bytes32 model, uint256 version) private view returns (Version storage v) {
        if (version >= versions[model].length) revert UnknownVersion(model, version);
        v = versions[model][version];
        if (v.revoked) revert IsRevoked(model, version);
    }

    /// @dev Tests, which have keys of one party, override it.
    function _checkSetup(IVerifier verifier) internal view virtual {
        if (verifier.UNSAFE_SETUP()) revert UnsafeSetup();
    }
}
